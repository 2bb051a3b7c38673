"""Perceptual hashes: images are near if few of their 64 bits differ."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt

from sau.pipeline.filter.closeness import FAR, NONE, Floats, Integers
from sau.pipeline.filter.reasons import Part

Bits = npt.NDArray[np.uint64]

_BITS = 64
PAIRS_AT_ONCE = 1 << 21
FEW_PAIRS = 1 << 20
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""An odd number near 2**64 / golden ratio: multiplied with it, the top bits depend on all bits."""


@dataclasses.dataclass(frozen=True)
class Hashes:
    """Perceptual hashes, (N,) uint64; near are those that differ in at most `limit` bits."""

    bits: Bits
    limit: int

    @property
    def least(self) -> int:
        """Return the least closeness: a distance, negative so that larger is nearer."""
        return -self.limit

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.bits)

    def take(self, positions: Integers) -> Self:
        """Return some of the images."""
        return dataclasses.replace(self, bits=self.bits[positions])

    def table(self, others: Self) -> npt.NDArray[np.int8]:
        """Return minus the number of bits that differ, (N, M)."""
        differing = np.bitwise_count(self.bits[:, None] ^ others.bits[None])
        closeness: npt.NDArray[np.int8] = -differing.view(np.int8)
        return closeness

    def nearest(
        self, others: Self, *, few_pairs: int = FEW_PAIRS, pairs_at_once: int = PAIRS_AT_ONCE
    ) -> tuple[Floats, Integers]:
        """Return the nearest of the others within the limit, the first of several.

        Of few images every pair is looked at. Of many, equal hashes are looked up once, and of the
        rest only pairs that share two of limit + 2 parts.

        Args:
            others: M hashes.
            few_pairs: up to so many pairs, every one is looked at.
            pairs_at_once: of so many about, the distances are in memory at once.

        Returns the closeness, (N,), `FAR` where none is near, and the positions, (N,), or `NONE`.
        """
        if 0 < len(self) * len(others) <= few_pairs:
            distance, position = _by_every_pair(self.bits, others.bits)
        else:
            distance, position = _by_parts(self.bits, others.bits, self.limit, pairs_at_once)
        near = distance <= self.limit
        closeness = np.where(near, -distance.astype(np.float32), FAR)
        return closeness, np.where(near, position, NONE)

    def words(self, closeness: Floats) -> tuple[Part, ...]:
        """Return the parts of a sentence that say how many bits differ."""
        # Zero where FAR, which no sentence is made of.
        bits = np.where(np.isfinite(closeness), -closeness, 0).astype(np.int64)
        return "perceptual hashes differ in ", bits, f" of 64 bits, limit {self.limit}"


def _by_every_pair(asked: Bits, known: Bits) -> tuple[Integers, Integers]:
    """Return the distance to the nearest known hash, and its position, the first of several."""
    differing = np.bitwise_count(asked[:, None] ^ known[None])
    positions = differing.argmin(axis=1)
    return differing[np.arange(len(asked)), positions].astype(np.int64), positions


def _by_parts(
    asked: Bits, known: Bits, limit: int, pairs_at_once: int
) -> tuple[Integers, Integers]:
    """Return the same where the distance is at most `limit`, elsewhere one that is greater."""
    known, first = np.unique(known, return_index=True)
    asked, where = np.unique(asked, return_inverse=True)
    found = np.full(len(asked), np.iinfo(np.int64).max)
    for rows, columns, starts in _candidates(asked, known, limit, pairs_at_once):
        differing = np.bitwise_count(np.repeat(asked[rows], np.diff(starts)) ^ known[columns])
        # One number for distance and position, so that the least is the nearest and first.
        key = (differing.astype(np.int64) << 32) | first[columns]
        found[rows] = np.minimum(found[rows], np.minimum.reduceat(key, starts[:-1]))
    return found[where] >> 32, found[where] & 0xFFFFFFFF


def _candidates(
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
    edges = np.linspace(0, _BITS, limit + 3).astype(int).tolist()
    parts = [(1 << end) - (1 << start) for start, end in itertools.pairwise(edges)]
    return [np.uint64(a | b) for a, b in itertools.combinations(parts, 2)]


def _bucket(masked: Bits, size: int) -> Integers:
    """Return the bucket, from 0 to 2**size - 1, of each hash; equal ones share it."""
    return (masked * _SPREAD >> np.uint64(_BITS - size)).astype(np.int64)


def _parts(counts: Integers, pairs_at_once: int) -> Iterator[slice]:
    """Cut rows into slices of about as many pairs as may be in memory at once."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    cuts = np.searchsorted(ends, np.arange(pairs_at_once, total, pairs_at_once))
    edges = [0, *np.unique(cuts).tolist(), len(counts)]
    return (slice(a, b) for a, b in itertools.pairwise(edges) if a < b)
