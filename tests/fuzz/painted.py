"""Pictures whose colour tells which class they are of, whatever they are called later."""

import io
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sau.storage import manifest

Colour = tuple[int, int, int]


def colour_of(number: int) -> Colour:
    """Return a colour that no other class has."""
    return (40 + 17 * (number % 12), 40 + 17 * (number // 12), 200)


def painted(colour: Colour, number: int = 0, file_format: str = "PNG", **options: Any) -> bytes:
    """Return a picture of one colour; its lower rows differ by `number`, so that none is twice."""
    pixels = np.full((8, 8, 3), colour, dtype=np.uint8)
    pixels[4:, :, 2] = number % 256
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()


def colour_in(data: bytes) -> Colour:
    """Return the colour of a picture's first pixel."""
    with Image.open(io.BytesIO(data)) as image:
        red, green, blue = image.convert("RGB").getpixel((0, 0))
    return (red, green, blue)


def plain(name: str) -> str:
    """Return a class's name without what does not distinguish names."""
    name = unicodedata.normalize("NFC", name).casefold()
    return " ".join(name.replace("_", " ").replace("-", " ").split())


def check_names(path: Path, names_by_colour: Mapping[Colour, str]) -> dict[Colour, int]:
    """Check that each picture of a manifest of images is called what it shows.

    Returns: how many there are of each colour.
    """
    made = manifest.read_metadata(path)["provenance"]
    counts: dict[Colour, int] = {}
    for row in manifest.read(path, "images").to_pylist():
        assert row["status"] == "ok", row["reason"]
        colour = colour_in(row["image"]["bytes"])
        called = made["class_names"][row["label"]]
        assert plain(called) == plain(names_by_colour[colour]), (called, names_by_colour[colour])
        counts[colour] = counts.get(colour, 0) + 1
    return counts
