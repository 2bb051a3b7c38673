"""Which images of a source are copies of one another: files with the same bytes."""

import hashlib
from collections import defaultdict
from pathlib import Path

import numpy as np

from sau.core.progress import progress
from sau.sources.decode import UnreadableImageError, bytes_of
from sau.sources.record import Listing, Payload, Rows

_SHORT = 5.0
"""Seconds of which nothing is shown: of most folders, also before a line that refuses them."""


def first_copies(listing: Listing) -> Rows:
    """Return, for each image, the position of the first one that has the same bytes.

    Only images of equal size are read. One that cannot be read is no copy of any.

    Returns: int64, shape (images,); an image without an earlier copy has its own position.
    """
    by_size: dict[int, list[int]] = defaultdict(list)
    for position, payload in enumerate(listing.fetch(listing.rows)):
        by_size[_size(payload)].append(position)
    by_size.pop(_UNKNOWN, None)
    alike = np.array(sorted(p for group in by_size.values() if len(group) > 1 for p in group), int)
    found = np.arange(len(listing), dtype=np.int64)
    known: dict[bytes, int] = {}
    payloads = listing.fetch(listing.rows[alike])
    shown = progress(payloads, "looking for copies", total=len(alike), unit="image", delay=_SHORT)
    for position, payload in zip(alike.tolist(), shown, strict=True):
        try:
            data = bytes_of(payload.data, payload.path)
        except UnreadableImageError:
            continue
        found[position] = known.setdefault(hashlib.blake2b(data).digest(), position)
    return found


_UNKNOWN = -1


def _size(payload: Payload) -> int:
    if payload.data is not None:
        return len(payload.data)
    try:
        return Path(payload.path or "").stat().st_size
    except (OSError, ValueError):
        return _UNKNOWN
