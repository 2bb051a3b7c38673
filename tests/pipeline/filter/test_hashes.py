import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.pipeline.filter.closeness import FAR, NONE
from sau.pipeline.filter.hashes import Hashes

LIMITS = [0, 1, 2, 4, 7, 16]


# Either way of searching, whatever the number of images.
either_way = pytest.mark.parametrize(
    "few_pairs", [1 << 20, 0], ids=["every pair", "by parts"], scope="module"
)


def slow_distance(a, b):
    return bin(int(a) ^ int(b)).count("1")


def slow_nearest(bits, others, limit):
    """The first of the nearest, by looking at every pair."""
    found = []
    for one in bits:
        distances = [slow_distance(one, other) for other in others]
        least = min(distances, default=65)
        found.append((-least, distances.index(least)) if least <= limit else (FAR, NONE))
    return found


def clustered(seed, count, flips):
    """Hashes around a few centres, each with up to `flips` bits turned."""
    draws = np.random.default_rng(seed)
    bits = draws.integers(0, 2**64, 5, dtype=np.uint64)[draws.integers(0, 5, count)]
    for _ in range(flips):
        places = draws.integers(0, 64, count, dtype=np.uint64)
        bits = np.where(draws.random(count) < 0.6, bits ^ (np.uint64(1) << places), bits)
    return bits


@either_way
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("flips", [1, 3, 9])
def test_nearest_equals_the_slow_search(limit, flips, few_pairs):
    both = clustered(limit, 90, flips)
    bits, others = both[:50], both[50:]
    nearest = Hashes(bits, limit).nearest(Hashes(others, limit), few_pairs=few_pairs)
    closeness, positions = nearest
    expected = slow_nearest(bits, others, limit)
    assert list(zip(closeness.tolist(), positions.tolist(), strict=True)) == expected
    assert any(position != NONE for _, position in expected) or flips > limit


@either_way
@given(data=st.data(), limit=st.sampled_from(LIMITS))
def test_near_hash_is_found_whichever_bits_differ(data, limit, few_pairs):
    base = data.draw(st.integers(0, 2**64 - 1))
    places = data.draw(st.sets(st.integers(0, 63), max_size=limit + 1))
    other = base ^ sum(1 << place for place in places)
    asked, known = (np.array([bits], dtype=np.uint64) for bits in (base, other))
    nearest = Hashes(asked, limit).nearest(Hashes(known, limit), few_pairs=few_pairs)
    closeness, positions = nearest
    near = len(places) <= limit
    assert positions.tolist() == [0 if near else NONE]
    assert closeness.tolist() == [-len(places) if near else FAR]


def test_pairs_in_several_blocks_are_all_looked_at():
    bits = clustered(3, 60, 2)
    asked, known = Hashes(bits[:40], 4), Hashes(bits[40:], 4)
    whole = asked.nearest(known, few_pairs=0)
    parts = asked.nearest(known, few_pairs=0, pairs_at_once=7)
    assert np.array_equal(whole, parts)
    assert (whole[1] != NONE).any()


def test_table_counts_the_bits_that_differ():
    bits = clustered(1, 12, 5)
    table = Hashes(bits[:7], 4).table(Hashes(bits[7:], 4))
    assert table.tolist() == [[-slow_distance(a, b) for b in bits[7:]] for a in bits[:7]]


@either_way
def test_hashes_are_near_nothing_where_there_is_no_other(few_pairs):
    none = Hashes(np.empty(0, np.uint64), 4)
    closeness, positions = Hashes(clustered(0, 3, 1), 4).nearest(none, few_pairs=few_pairs)
    assert closeness.tolist() == [FAR] * 3
    assert positions.tolist() == [NONE] * 3
