"""Perceptual hashes: images are near if few of their 64 bits differ."""

import dataclasses
from typing import Self

import numpy as np
import numpy.typing as npt

from sau.neighbours.hamming import PAIRS_AT_ONCE, Bits, nearest_by_parts, nearest_of_every_pair
from sau.pipeline.filter.closeness import FAR, NONE, Floats, Integers
from sau.pipeline.filter.reasons import Part

FEW_PAIRS = 1 << 20


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
            distance, position = nearest_of_every_pair(self.bits, others.bits)
        else:
            distance, position = nearest_by_parts(self.bits, others.bits, self.limit, pairs_at_once)
        near = distance <= self.limit
        closeness = np.where(near, -distance.astype(np.float32), FAR)
        return closeness, np.where(near, position, NONE)

    def words(self, closeness: Floats) -> tuple[Part, ...]:
        """Return the parts of a sentence that say how many bits differ."""
        # Zero where FAR, which no sentence is made of.
        bits = np.where(np.isfinite(closeness), -closeness, 0).astype(np.int64)
        return "perceptual hashes differ in ", bits, f" of 64 bits, limit {self.limit}"
