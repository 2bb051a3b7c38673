"""What one look at an image says: its size, mode, colour and hash, or why it cannot be read."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from sau.data.perceptual_hash import perceptual_hashes
from sau.sources.decode import UnreadableImageError, bytes_of, decode_and_look

_SKETCH = 128
"""Pixels of a shorter side that are decoded: four times what the hash looks at."""


class Look(NamedTuple):
    """What an image is like.

    Attributes:
        digest: of its bytes, in hex; empty if there are none.
        width: pixels, as stored; 0 if it cannot be read.
        height: the same.
        mode: Pillow's, as stored; empty if it cannot be read.
        red: mean, 0 to 1; NaN if it cannot be read.
        green: the same.
        blue: the same.
        hash: the 64 bits of `perceptual_hash`, without a sign; 0 if it cannot be read.
        reason: why it cannot be read; empty if it can.
    """

    digest: str
    width: int
    height: int
    mode: str
    red: float
    green: float
    blue: float
    hash: int
    reason: str


def look_at_some(files: Sequence[Path]) -> list[Look]:
    """Look at a few images; what is the same for all is computed for all at once."""
    found: list[tuple[str, Image.Image | None, tuple[int, int], str, str]] = []
    for file in files:
        digest = ""
        try:
            data = bytes_of(None, file)
            digest = hashlib.blake2b(data, digest_size=16).hexdigest()
            seen = decode_and_look(data, sketch=_SKETCH)
            found.append((digest, seen.image, seen.size, seen.mode, ""))
        except UnreadableImageError as error:
            found.append((digest, None, (0, 0), "", str(error)))
    hashes = iter(_hashes([image for _, image, _, _, _ in found if image]))
    return [
        Look(digest, *size, mode, *_colour(image), next(hashes) if image else 0, reason)
        for digest, image, size, mode, reason in found
    ]


def _hashes(images: Sequence[Image.Image]) -> list[int]:
    if not images:
        return []
    signed = perceptual_hashes([image.convert("L") for image in images])
    return [int(number) for number in signed.view(np.uint64)]


def _colour(image: Image.Image | None) -> tuple[float, float, float]:
    if image is None:
        return np.nan, np.nan, np.nan
    counts = np.array(image.histogram(), dtype=np.float64).reshape(3, 256)
    red, green, blue = (counts @ np.arange(256) / counts.sum(axis=1) / 255).tolist()
    return red, green, blue
