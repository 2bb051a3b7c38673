"""Encoded images to pixels."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from sau.core.errors import UserError
from sau.core.unreadable import UNREADABLE

Size = tuple[int, int]
"""Height and width in pixels."""

Pixels = npt.NDArray[np.uint8]
"""One image, (3, H, W), 0 to 255."""


def decode_image(data: bytes, name: str) -> Pixels:
    """Decode one image; several threads may do so at once.

    Args:
        data: PNG, JPEG or any other format that Pillow reads; grey becomes three channels.
        name: its id, for messages.

    Returns uint8 (3, H, W), contiguous.

    Raises:
        UserError: it cannot be read.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            pixels = np.asarray(image.convert("RGB"))
    except UNREADABLE as error:
        raise _unreadable(name, error) from error
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def image_size(data: bytes, name: str) -> Size:
    """Return the size that an image's header states; nothing is decoded.

    Raises:
        UserError: it has no header that Pillow reads.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.height, image.width
    except UNREADABLE as error:
        raise _unreadable(name, error) from error


class OneSize:
    """Makes sure that all images of a run have one size."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[Size, str]] = {}

    def check(self, size: Size, name: str, setting: str) -> None:
        """Take in one more image.

        Args:
            size: its own.
            name: its id, for messages.
            setting: which one makes sizes of images like it equal, such as `dataset.image_size`.

        Raises:
            UserError: a size other than that of the first image.
        """
        known, to_set = setting, setting
        if setting not in self._first:
            self._first[setting] = size, name
            known, to_set = next(iter(self._first)), " and ".join(self._first)
        expected, first = self._first[known]
        if size != expected:
            raise UserError(
                f"image {name!r} is {_text(size)}, but {first!r} is {_text(expected)}; "
                f"training needs one size: set {to_set}"
            )


def _unreadable(name: str, error: Exception) -> UserError:
    # The text of this one holds a memory address.
    why = "no image" if isinstance(error, UnidentifiedImageError) else error
    return UserError(f"image {name!r} cannot be read ({why}); run the stage that made it again")


def _text(size: Size) -> str:
    return f"{size[1]} x {size[0]} pixels"
