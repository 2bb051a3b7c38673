"""The images that are compared: a few of each class, as pixels of one size and their ids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator
from sau.data.decode import decode_image
from sau.sources.resize import fit
from sau.storage import manifest

Labels = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """Images of all classes.

    Attributes:
        ids: of the images, by class.
        labels: int64 (N,).
        pixels: uint8 (N, 3, H, W).
        resized: how many had another size.
    """

    ids: list[str]
    labels: Labels
    pixels: Pixels
    resized: int


def choose(ids: Sequence[str], labels: Labels, most: int, name: str, seed: int) -> list[str]:
    """Return ids of at most `most` images of each class, by class; more are drawn by the seed.

    Args:
        ids: of all images.
        labels: of the same.
        most: of each class.
        name: of the stream, so that real and generated ones are drawn apart.
        seed: of the draw.
    """
    chosen: list[str] = []
    for label in np.unique(labels).tolist():
        members = np.flatnonzero(labels == label)
        if len(members) > most:
            stream = numpy_generator("quality", seed, name, label)
            members = np.sort(stream.permutation(members)[:most])
        chosen += [ids[place] for place in members.tolist()]
    return chosen


def read_sample(paths: Sequence[Path], ids: Sequence[str], size: tuple[int, int] | None) -> Sample:
    """Read images and bring them to one size.

    Args:
        paths: manifests of images.
        ids: those that are wanted, by class.
        size: height and width; None: that of the first image.

    Raises:
        UserError: one is not there, or cannot be read.
    """
    found: dict[str, tuple[int, Pixels]] = {}
    resized = 0
    for name, label, data in _read(paths, set(ids)):
        pixels = decode_image(data, name)
        size = size or (pixels.shape[1], pixels.shape[2])
        if pixels.shape[1:] != size:
            resized += 1
            image = fit(Image.fromarray(pixels.transpose(1, 2, 0)), size)
            pixels = np.asarray(image).transpose(2, 0, 1)
        found[name] = label, pixels
    missing = next((name for name in ids if name not in found), None)
    if missing is not None:
        raise UserError(
            f"{paths[0].parent}: image {missing!r} is not there; run the pipeline again"
        )
    labels = np.array([found[name][0] for name in ids], dtype=np.int64)
    return Sample(list(ids), labels, np.stack([found[name][1] for name in ids]), resized)


def _read(paths: Sequence[Path], wanted: set[str]) -> Iterator[tuple[str, int, bytes]]:
    """Yield id, label and bytes of the wanted images, one row group in memory at a time."""
    for path in paths:
        for group in manifest.read_groups(path, "images", columns=["id", "label", "image"]):
            for row in range(group.num_rows):
                name = group["id"][row].as_py()
                if name in wanted:
                    data = group["image"][row]["bytes"].as_py()
                    yield name, group["label"][row].as_py(), data
