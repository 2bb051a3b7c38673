"""Hashes that differ in few bits; the search for the nearest is tested where the filter uses it."""

from itertools import combinations

import numpy as np
import pytest

from sau.neighbours.hamming import near_pairs


@pytest.mark.parametrize("limit", [0, 1, 4, 7])
def test_near_pairs_equal_those_of_a_slow_search(limit: int) -> None:
    draws = np.random.default_rng(limit)
    bits = draws.integers(0, 2**64, 6, dtype=np.uint64)[draws.integers(0, 6, 120)]
    for _ in range(4):
        places = draws.integers(0, 64, 120, dtype=np.uint64)
        bits = np.where(draws.random(120) < 0.5, bits ^ (np.uint64(1) << places), bits)
    bits = np.unique(bits)
    expected = [
        [one, other]
        for one, other in combinations(range(len(bits)), 2)
        if bin(int(bits[one]) ^ int(bits[other])).count("1") <= limit
    ]
    assert near_pairs(bits, limit).tolist() == expected
    assert near_pairs(bits, limit, pairs_at_once=5).tolist() == expected
    assert expected or limit == 0


def test_near_pairs_of_nothing_are_none() -> None:
    assert near_pairs(np.empty(0, dtype=np.uint64), 4).shape == (0, 2)
