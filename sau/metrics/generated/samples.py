"""Checks of two samples that are compared: features of one width, images of one size."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sau.core.errors import ArgumentError

Features = npt.NDArray[np.floating[Any]]
Images = npt.NDArray[np.uint8]


def checked_features(
    generated: Features, real: Features, least: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return both as float64, (M, D) and (N, D).

    Raises:
        ValueError: other shapes, a number that is not finite, or fewer than `least` images.
    """
    pair = []
    for name, values in (("generated", generated), ("real", real)):
        given = np.asarray(values, dtype=np.float64)
        if given.ndim != 2 or not given.shape[1]:
            raise ArgumentError(f"{name}: shape {given.shape}, expected (images, features)")
        if len(given) < least:
            raise ArgumentError(f"{name}: {len(given)} images, expected at least {least}")
        if not np.isfinite(given).all():
            raise ArgumentError(f"{name}: a number that is not finite")
        pair.append(given)
    if pair[0].shape[1] != pair[1].shape[1]:
        raise ArgumentError(
            f"generated: {pair[0].shape[1]} features, but real has {pair[1].shape[1]}; expected "
            "those of one network"
        )
    return pair[0], pair[1]


def check_images(images: Images, name: str) -> None:
    """Refuse what is not uint8 (N, 3, H, W) with an image in it."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3 or not images.size:
        raise ArgumentError(
            f"{name}: {images.dtype} of shape {images.shape}, expected uint8 (images, 3, height, "
            "width) with at least one"
        )
