"""Images inside a page: tiles, and sheets of them by class."""

import base64
import dataclasses
import io
from collections.abc import Mapping
from typing import Any

from PIL import Image

from sau.core.unreadable import UNREADABLE

SHEET_CLASSES = 20
"""With more classes than this, so many of them are shown."""

_SIDE = 40
"""Small images are shown at the lowest whole multiple of their size that is this or more."""

_LARGEST = 96
"""Pixels; larger images are made smaller, for the page's size."""


@dataclasses.dataclass(frozen=True)
class Tile:
    """One image on a sheet: a data address (empty: no image), sides in pixels, words for it."""

    source: str
    width: int
    height: int
    text: str
    caption: str


@dataclasses.dataclass(frozen=True)
class ClassSheet:
    """The images of one class: its name, and tiles by kind, of those kinds that any class has."""

    name: str
    tiles: dict[str, list[Tile]]


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A section of images.

    headings: of the columns: of the classes, then of each kind.
    """

    heading: str
    caption: str
    headings: list[str]
    rows: list[ClassSheet]


def tile_of(image: Mapping[str, Any], text: str, caption: str) -> Tile:
    """Return an image of the images manifest as a tile; a gap where nothing is readable.

    Args:
        image: image, status and reason; nothing of an image that is not there.
        text: what is shown on hovering.
        caption: what stands under it.
    """
    source, width, height = _embed((image.get("image") or {}).get("bytes"))
    if not source:
        caption = "failed" if image.get("status") == "failed" else "unreadable"
    return Tile(source, width, height, text, caption)


def _embed(encoded: bytes | None) -> tuple[str, int, int]:
    """Return a data address and the size to show it at; an empty one where nothing is readable."""
    if not encoded:
        return "", _SIDE, _SIDE
    try:
        with Image.open(io.BytesIO(encoded)) as opened:
            image = opened.convert("RGB")
    except UNREADABLE:
        return "", _SIDE, _SIDE
    buffer, kind = io.BytesIO(), "png"
    if max(image.size) > _LARGEST:
        image.thumbnail((_LARGEST, _LARGEST), Image.Resampling.LANCZOS)
        kind = "jpeg"
    image.save(buffer, kind, **({"quality": 85} if kind == "jpeg" else {"optimize": True}))
    scale = max(1, -(-_SIDE // max(image.size)))
    address = f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return address, scale * image.width, scale * image.height
