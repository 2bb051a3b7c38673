"""Bit strings of 64 bits, such as perceptual hashes: which of them differ in few bits."""

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]

BITS = 64
PAIRS_AT_ONCE = 1 << 21

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""An odd number near 2**64 / golden ratio: multiplied with it, the top bits depend on all bits."""


def near_pairs(bits: Bits, limit: int, *, pairs_at_once: int = PAIRS_AT_ONCE) -> Integers:
    """Return the pairs of hashes that differ in at most `limit` bits.

    Args:
        bits: (N,), no two of them equal.
        limit: bits, 0 to 62.
        pairs_at_once: of so many about, the distances are in memory at once.

    Returns: positions, int64 (pairs, 2), the lower one first; each pair once, in order.
    """
    found = [np.empty((0, 2), dtype=np.int64)]
    for rows, columns, starts in candidate_pairs(bits, bits, limit, pairs_at_once):
        pairs = np.stack([np.repeat(rows, np.diff(starts)), columns], axis=1)
        near = np.bitwise_count(bits[pairs[:, 0]] ^ bits[pairs[:, 1]]) <= limit
        found.append(pairs[near & (pairs[:, 0] < pairs[:, 1])])
    return np.unique(np.concatenate(found), axis=0)


def nearest_of_every_pair(asked: Bits, known: Bits) -> tuple[Integers, Integers]:
    """Return the distance to the nearest known hash, and its position, the first of several.

    Args:
        asked: (N,).
        known: (M,), at least one.

    Returns: distances, 0 to 64, and positions, int64 (N,) each.
    """
    differing = np.bitwise_count(asked[:, None] ^ known[None])
    positions = differing.argmin(axis=1)
    return differing[np.arange(len(asked)), positions].astype(np.int64), positions


def nearest_by_parts(
    asked: Bits, known: Bits, limit: int, pairs_at_once: int = PAIRS_AT_ONCE
) -> tuple[Integers, Integers]:
    """Return the same where the distance is at most `limit`, elsewhere one that is greater.

    Equal hashes are looked up once, and of the rest only pairs that share two of limit + 2 parts.

    Args:
        asked: (N,).
        known: (M,).
        limit: bits, 0 to 62.
        pairs_at_once: of so many about, the distances are in memory at once.
    """
    known, first = np.unique(known, return_index=True)
    asked, where = np.unique(asked, return_inverse=True)
    found = np.full(len(asked), np.iinfo(np.int64).max)
    for rows, columns, starts in candidate_pairs(asked, known, limit, pairs_at_once):
        differing = np.bitwise_count(np.repeat(asked[rows], np.diff(starts)) ^ known[columns])
        # One number for distance and position, so that the least is the nearest and first.
        key = (differing.astype(np.int64) << 32) | first[columns]
        found[rows] = np.minimum(found[rows], np.minimum.reduceat(key, starts[:-1]))
    return found[where] >> 32, found[where] & 0xFFFFFFFF


def candidate_pairs(
    asked: Bits, known: Bits, limit: int, pairs_at_once: int
) -> Iterator[tuple[Integers, Integers, Integers]]:
    """Yield the pairs that may differ in at most `limit` bits, and some others, in blocks.

    Each block: rows of `asked` that have pairs; for these the columns of `known`, one row after
    the other; and where each row's columns start, with their number at the end.
    """
    # Sixteen buckets for each known hash, so that most of them are empty.
    size = len(known).bit_length() + 4
    for mask in _masks(limit):
        buckets = _bucket(known & mask, size)
        order = np.argsort(buckets, kind="stable")
        counts = np.bincount(buckets, minlength=1 << size)
        begins = np.cumsum(counts) - counts
        buckets = _bucket(asked & mask, size)
        rows = np.flatnonzero(counts[buckets])
        begin, count = begins[buckets[rows]], counts[buckets[rows]]
        for part in _parts(count, pairs_at_once):
            starts = np.append(0, np.cumsum(count[part]))
            shift = np.repeat(begin[part] - starts[:-1], count[part])
            yield rows[part], order[np.arange(starts[-1]) + shift], starts


def _masks(limit: int) -> list[np.uint64]:
    """Return masks of which at least one hides all bits that differ, if at most `limit` do.

    Of limit + 2 parts of the 64 bits, two or more are the same then.
    """
    edges = np.linspace(0, BITS, limit + 3).astype(int).tolist()
    parts = [(1 << end) - (1 << start) for start, end in itertools.pairwise(edges)]
    return [np.uint64(a | b) for a, b in itertools.combinations(parts, 2)]


def _bucket(masked: Bits, size: int) -> Integers:
    """Return the bucket, from 0 to 2**size - 1, of each hash; equal ones share it."""
    return (masked * _SPREAD >> np.uint64(BITS - size)).astype(np.int64)


def _parts(counts: Integers, pairs_at_once: int) -> Iterator[slice]:
    """Cut rows into slices of about as many pairs as may be in memory at once."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    cuts = np.searchsorted(ends, np.arange(pairs_at_once, total, pairs_at_once))
    edges = [0, *np.unique(cuts).tolist(), len(counts)]
    return (slice(a, b) for a, b in itertools.pairwise(edges) if a < b)
