"""An image's form inside the page."""

import base64
import io
from typing import NamedTuple

from PIL import Image

from sau.sources.decode import decode, encode_png

_TYPES = {"PNG": "png", "JPEG": "jpeg", "WEBP": "webp"}
"""Formats that every browser shows, by Pillow's name, and their media types."""

_QUALITY = 85


class Thumbnail(NamedTuple):
    """A data address, and the pixels of the image that it was made from."""

    source: str
    width: int
    height: int


def thumbnail(encoded: bytes, side: int) -> Thumbnail:
    """Return an image for the page.

    One of at most `side` pixels keeps its bytes, if a browser shows them as they are; else it is a
    PNG, without loss. A larger one is made smaller with Lanczos and stored as JPEG.

    Raises:
        UnreadableImageError: see `sau.sources.decode.decode`.
    """
    image, changed = decode(encoded)
    width, height = image.size
    if max(width, height) > side:
        kind, data = "jpeg", _smaller(image, side)
    elif changed or image.format not in _TYPES:
        kind, data = "png", encode_png(image)
    else:
        kind, data = _TYPES[image.format], encoded
    address = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return Thumbnail(address, width, height)


def _smaller(image: Image.Image, side: int) -> bytes:
    image = image.copy()
    image.info.clear()  # or a colour profile would go along
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return buffer.getvalue()
