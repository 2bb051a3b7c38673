"""How a model wants its images: resized and cropped, or padded, to a square."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from PIL import Image

from sau.sources.decode import UnreadableImageError

MAX_ASPECT = 100
"""How many times as long as wide, or wide as long, an image may be whose shorter side is fitted.

The whole image is enlarged before its centre is cut out: to 224 x 13,440,000 if it is 1 x 60,000.
"""


@dataclasses.dataclass(frozen=True)
class Geometry:
    """The part of open_clip's preprocessing that moves pixels, on Pillow images alone.

    It gives the same pixels as open_clip's own transforms, but needs no PyTorch, so that processes
    which decode images start quickly and stay small.

    Attributes:
        side: of the square, in pixels.
        mode: `shortest`: the shorter side becomes `side`, and the centre is cut out; `longest`: the
            longer side does, the other has 1 pixel at least, and the rest is filled; `squash`: both
            do, whatever the proportions.
        bilinear: the filter is bilinear; else bicubic.
        fill: grey level beside an image that was fitted by its longer side.
    """

    side: int
    mode: Literal["shortest", "longest", "squash"] = "shortest"
    bilinear: bool = False
    fill: int = 0

    def __call__(self, image: Image.Image) -> Image.Image:
        """Return an image of mode RGB as a square of `side` pixels.

        Raises:
            UnreadableImageError: its shorter side is to be fitted, and it is too long for that.
        """
        size = self._resized(image.width, image.height)
        method = Image.Resampling.BILINEAR if self.bilinear else Image.Resampling.BICUBIC
        resized = image if image.size == size else image.resize(size, method)
        if resized.size == (self.side, self.side):
            return resized
        square = Image.new("RGB", (self.side, self.side), (self.fill,) * 3)
        square.paste(resized, (self._offset(resized.width), self._offset(resized.height)))
        return square

    def _resized(self, width: int, height: int) -> tuple[int, int]:
        side = self.side
        if self.mode == "squash":
            return side, side
        if self.mode == "longest":
            ratio = max(width / side, height / side)
            return max(1, round(width / ratio)), max(1, round(height / ratio))
        if max(width, height) > MAX_ASPECT * min(width, height):
            raise UnreadableImageError(
                f"too long to be scored: {width} x {height} pixels, expected at most {MAX_ASPECT} "
                "times as long as wide"
            )
        if width <= height:
            return side, int(side * height / width)
        return int(side * width / height), side

    def _offset(self, length: int) -> int:
        """Return where the image begins in the square; below 0 where it is cut off."""
        missing = self.side - length
        return missing // 2 if missing > 0 else -round(-missing / 2)


def geometry_of(preprocess: Mapping[str, Any]) -> Geometry:
    """Return the geometry that a model's `preprocess_cfg` describes.

    Raises:
        ValueError: the model looks at images that are not square.
    """
    size = preprocess["size"]
    height, width = (size, size) if isinstance(size, int) else size
    if height != width:
        raise ValueError(f"its images are {width} x {height} pixels, expected a square")
    return Geometry(
        side=height,
        mode=preprocess["resize_mode"],
        bilinear=preprocess["interpolation"] == "bilinear",
        fill=preprocess["fill_color"],
    )
