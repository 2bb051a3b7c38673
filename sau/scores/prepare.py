"""From an image's bytes to what the model and the table need of it; run by worker processes.

Nothing here imports PyTorch: a worker shall start quickly and stay small.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from sau.scores.geometry import Geometry
from sau.scores.measures import Measures, measure
from sau.sources.decode import UnreadableImageError, decode

Pixels = npt.NDArray[np.uint8]
"""One square image, (S, S, 3), 0 to 255."""


@dataclasses.dataclass(frozen=True)
class Encoded:
    """An image as the images manifest has it: its bytes, or the path of a file that holds them."""

    data: bytes | None
    path: str | None


@dataclasses.dataclass(frozen=True)
class Prepared:
    """One image, decoded; or the reason why there is none.

    Attributes:
        measures: what was measured on it; None if it cannot be read.
        pixels: what is scored, of the model's size or smaller; None if nothing is.
        reason: why it cannot be read; None if it can.
    """

    measures: Measures | None = None
    pixels: Pixels | None = None
    reason: str | None = None


@dataclasses.dataclass(frozen=True)
class Prepare:
    """Prepares images; can be sent to another process.

    Attributes:
        geometry: the model's; None: nothing is scored, and there are no pixels.
    """

    geometry: Geometry | None = None

    def __call__(self, images: Sequence[Encoded | None]) -> list[Prepared]:
        """Prepare images one after the other; None stands for one that is known to have failed."""
        return [self._one(image) if image else Prepared() for image in images]

    def _one(self, image: Encoded) -> Prepared:
        try:
            decoded, _ = decode(_bytes_of(image))
        except UnreadableImageError as error:
            return Prepared(reason=str(error))
        measures = measure(decoded)
        return Prepared(measures, _pixels(decoded, self.geometry) if self.geometry else None)


def _pixels(image: Image.Image, geometry: Geometry) -> Pixels:
    """Return a small square as it is: enlarging it later, with many others, costs less."""
    small = image.width == image.height < geometry.side
    return np.asarray(image if small else geometry(image))


def _bytes_of(image: Encoded) -> bytes:
    if image.data is not None:
        return image.data
    if image.path is None:
        raise UnreadableImageError("no image: neither bytes nor a path")
    try:
        return Path(image.path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableImageError(f"file cannot be read: {reason}") from error
