"""What is measured on an image itself, with no model."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from sau.data.perceptual_hash import perceptual_hash, perceptual_hashes

SMALLEST = 3
"""Pixels of a side that an image needs for a pixel with four neighbours."""

_WHITE = 255


@dataclasses.dataclass(frozen=True)
class Measures:
    """Four numbers of one image, whose grey levels count from 0, black, to 1, white.

    Attributes:
        perceptual_hash: 64 bits as a signed integer; see `sau.data.perceptual_hash`.
        brightness: mean of the grey levels, 0 to 1.
        contrast: their standard deviation, 0 to 0.5.
        sharpness: variance of their Laplacian, 0 to 16; see `sharpness`.
    """

    perceptual_hash: int
    brightness: float
    contrast: float
    sharpness: float


def measure(image: Image.Image) -> Measures:
    """Measure an image of mode RGB, as it is stored.

    A grey level is Pillow's: (299 R + 587 G + 114 B) / 1000, to the nearest of 256.
    """
    grey = image.convert("L")
    levels = np.asarray(grey)
    return Measures(
        perceptual_hash=perceptual_hash(grey),
        brightness=float(levels.mean()) / _WHITE,
        contrast=float(levels.std()) / _WHITE,
        sharpness=sharpness(levels),
    )


def measure_together(images: Sequence[Image.Image]) -> list[Measures]:
    """Measure small images of mode RGB in one go: the very numbers of `measure`, sooner.

    Args:
        images: N of one size, 3 pixels wide and high at least; N is at least 1.
    """
    greys = [image.convert("L") for image in images]
    levels = np.stack([np.asarray(grey) for grey in greys])
    flat = levels.reshape(len(levels), -1)
    columns = (
        perceptual_hashes(greys).tolist(),
        (flat.mean(axis=1) / _WHITE).tolist(),
        (flat.std(axis=1) / _WHITE).tolist(),
        (_laplacian(levels).reshape(len(levels), -1).var(axis=1) / _WHITE**2).tolist(),
    )
    return [Measures(*numbers) for numbers in zip(*columns, strict=True)]


def sharpness(levels: npt.NDArray[np.uint8]) -> float:
    """Return the variance of the Laplacian of grey levels from 0 to 1: low where edges are soft.

    The Laplacian of a pixel is the sum of its four neighbours less four times itself; it is taken
    where a pixel has four.

    Args:
        levels: (H, W), 0 to 255.

    Returns: 0 to 16; 0 for an image without such pixels, less than 3 wide or high.
    """
    if min(levels.shape) < SMALLEST:
        return 0.0
    return float(_laplacian(levels).var()) / _WHITE**2


def _laplacian(levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
    """Return the four neighbours less four times the level of each inner pixel, (..., H, W)."""
    whole = levels.astype(np.int16)
    beside = whole[..., 1:-1, :-2] + whole[..., 1:-1, 2:]
    neighbours = whole[..., :-2, 1:-1] + whole[..., 2:, 1:-1] + beside
    return neighbours - 4 * whole[..., 1:-1, 1:-1]
