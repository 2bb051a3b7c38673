"""From an image's bytes to what the model and the table need of it; run by worker processes.

Nothing here imports PyTorch: a worker should start quickly and stay small.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from sau.pipeline.scores.geometry import Geometry
from sau.pipeline.scores.measures import SMALLEST, Measures, measure, measure_together
from sau.sources.decode import UnreadableImageError, bytes_of, decode

Pixels = npt.NDArray[np.uint8]
"""One square image, (S, S, 3), 0 to 255."""

TOGETHER = 128 * 128
"""Pixels of an image up to which those of one size are measured together; larger ones would stay in
memory for little."""


@dataclasses.dataclass(frozen=True)
class Encoded:
    """An image as the images manifest has it: its bytes, or the path of a file that holds them."""

    data: bytes | None
    path: str | None


@dataclasses.dataclass(frozen=True)
class Prepared:
    """One image, decoded; or the reason why there is none.

    Attributes:
        measures: what was measured on it; None if it cannot be read, or not be scored.
        pixels: what is scored, of the model's size or smaller; None if nothing is.
        reason: why it cannot be read or scored; None if it can.
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
        """Prepare images in their order; None stands for one that is known to have failed."""
        found = [Prepared()] * len(images)
        small: dict[tuple[int, int], list[tuple[int, Image.Image]]] = {}
        for place, image in enumerate(images):
            if image is None:
                continue
            found[place], picture = self._one(image)
            if picture is None:
                continue
            if picture.width * picture.height <= TOGETHER and min(picture.size) >= SMALLEST:
                small.setdefault(picture.size, []).append((place, picture))
            else:
                found[place] = dataclasses.replace(found[place], measures=measure(picture))
        for same in small.values():
            measured = measure_together([picture for _, picture in same])
            for (place, _), measures in zip(same, measured, strict=True):
                found[place] = dataclasses.replace(found[place], measures=measures)
        return found

    def _one(self, image: Encoded) -> tuple[Prepared, Image.Image | None]:
        """Return what is prepared of an image but for its measures, and what to measure."""
        try:
            decoded, _ = decode(bytes_of(image.data, image.path))
            pixels = _pixels(decoded, self.geometry) if self.geometry else None
        except UnreadableImageError as error:
            return Prepared(reason=str(error)), None
        return Prepared(pixels=pixels), decoded


def _pixels(image: Image.Image, geometry: Geometry) -> Pixels:
    """Return a small square as it is: enlarging it later, with many others, costs less."""
    small = image.width == image.height < geometry.side
    return np.asarray(image if small else geometry(image))
