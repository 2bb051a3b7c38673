"""The images that are compared: a few of each class, read batch by batch at one size."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from PIL import Image

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator
from sau.data.decode import decode_image
from sau.sources.resize import fit
from sau.storage import manifest

Labels = npt.NDArray[np.int64]
Places = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]

BATCH = 32
"""Images in memory at once."""


class Batch(NamedTuple):
    """Some images of a sample.

    Attributes:
        places: int64 (B,), among the sample's ids.
        pixels: uint8 (B, 3, H, W).
        resized: how many had another size.
    """

    places: Places
    pixels: Pixels
    resized: int


@dataclass(frozen=True)
class Sample:
    """Images of all classes, which stay on the disk.

    Attributes:
        ids: of the images, by class.
        labels: int64 (N,).
        paths: manifests of images that hold them.
    """

    ids: Sequence[str]
    labels: Labels
    paths: Sequence[Path]

    def size(self) -> tuple[int, int]:
        """Return height and width of the first image."""
        return next(pixels.shape[1:] for _, pixels in self._read(frozenset(self.ids)))

    def batches(self, size: tuple[int, int]) -> Iterator[Batch]:
        """Read the images in the order of their files, and bring them to one size.

        Args:
            size: height and width.

        Raises:
            UserError: one is not there, or cannot be read.
        """
        places = {name: place for place, name in enumerate(self.ids)}
        waiting: list[tuple[int, Pixels, bool]] = []
        for name, pixels in self._read(places):
            waiting.append((places.pop(name), *_of_size(pixels, size)))
            if len(waiting) == BATCH:
                yield _batch(waiting)
                waiting = []
        if waiting:
            yield _batch(waiting)
        if places:
            raise UserError(
                f"{self.paths[0].parent}: image {next(iter(places))!r} is not there; run the "
                "pipeline again"
            )

    def encoded(self) -> Iterator[tuple[str, bytes]]:
        """Yield ids and files of the images, in the order of the manifests."""
        return self._read_files(frozenset(self.ids))

    def _read(self, wanted: Container[str]) -> Iterator[tuple[str, Pixels]]:
        for name, data in self._read_files(wanted):
            yield name, decode_image(data, name)

    def _read_files(self, wanted: Container[str]) -> Iterator[tuple[str, bytes]]:
        """Yield ids and files of the wanted images, one row group in memory at a time."""
        for path in self.paths:
            for group in manifest.read_groups(path, "images", columns=["id", "image"]):
                for row in range(group.num_rows):
                    name = group["id"][row].as_py()
                    if name in wanted:
                        yield name, group["image"][row]["bytes"].as_py()


def choose(rows: pa.Table, paths: Sequence[Path], most: int, name: str, seed: int) -> Sample:
    """Return at most `most` images of each class, by class; more are drawn by the seed.

    Args:
        rows: all images, with columns `id` and `label`.
        paths: manifests that hold them.
        most: of each class.
        name: of the stream, so that real and generated ones are drawn apart.
        seed: of the draw.
    """
    labels = rows["label"].to_numpy()
    chosen = []
    for label in np.unique(labels).tolist():
        members = np.flatnonzero(labels == label)
        if len(members) > most:
            stream = numpy_generator("quality", seed, name, label)
            members = np.sort(stream.permutation(members)[:most])
        chosen.append(members)
    places = np.concatenate(chosen)
    ids = rows["id"].take(pa.array(places)).to_pylist()
    return Sample(ids, labels[places].astype(np.int64), paths)


def _of_size(pixels: Pixels, size: tuple[int, int]) -> tuple[Pixels, bool]:
    """Return an image at a size, and whether it had another one."""
    if pixels.shape[1:] == size:
        return pixels, False
    image = fit(Image.fromarray(pixels.transpose(1, 2, 0)), size)
    return np.asarray(image).transpose(2, 0, 1), True


def _batch(pictures: Sequence[tuple[int, Pixels, bool]]) -> Batch:
    places, pixels, resized = zip(*pictures, strict=True)
    return Batch(np.array(places, dtype=np.int64), np.stack(pixels), sum(resized))
