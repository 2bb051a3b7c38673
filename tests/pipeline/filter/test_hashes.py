import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.pipeline.filter import hashes
from sau.pipeline.filter.closeness import FAR, NONE
from sau.pipeline.filter.hashes import Hashes

LIMITS = [0, 1, 2, 4, 7, 16]


@pytest.fixture(autouse=True, params=["every pair", "by parts"], scope="module")
def _search(request):
    """Either way of searching, whatever the number of images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashes, "_FEW_PAIRS", 0 if request.param == "by parts" else 1 << 20)
        yield


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


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("flips", [1, 3, 9])
def test_nearest_equals_the_slow_search(limit, flips):
    both = clustered(limit, 90, flips)
    bits, others = both[:50], both[50:]
    closeness, positions = Hashes(bits, limit).nearest(Hashes(others, limit))
    expected = slow_nearest(bits, others, limit)
    assert list(zip(closeness.tolist(), positions.tolist(), strict=True)) == expected
    assert any(position != NONE for _, position in expected) or flips > limit


@given(st.data(), st.sampled_from(LIMITS))
def test_whichever_bits_differ_a_near_hash_is_found(data, limit):
    base = data.draw(st.integers(0, 2**64 - 1))
    places = data.draw(st.sets(st.integers(0, 63), max_size=limit + 1))
    other = base ^ sum(1 << place for place in places)
    asked, known = (np.array([bits], dtype=np.uint64) for bits in (base, other))
    closeness, positions = Hashes(asked, limit).nearest(Hashes(known, limit))
    near = len(places) <= limit
    assert positions.tolist() == [0 if near else NONE]
    assert closeness.tolist() == [-len(places) if near else FAR]


def test_pairs_in_several_blocks_are_all_looked_at(monkeypatch):
    monkeypatch.setattr(hashes, "_FEW_PAIRS", 0)
    bits = clustered(3, 60, 2)
    whole = Hashes(bits[:40], 4).nearest(Hashes(bits[40:], 4))
    monkeypatch.setattr(hashes, "_PAIRS_AT_ONCE", 7)
    parts = Hashes(bits[:40], 4).nearest(Hashes(bits[40:], 4))
    assert np.array_equal(whole, parts)
    assert (whole[1] != NONE).any()


def test_table_counts_the_bits_that_differ():
    bits = clustered(1, 12, 5)
    table = Hashes(bits[:7], 4).table(Hashes(bits[7:], 4))
    assert table.tolist() == [[-slow_distance(a, b) for b in bits[7:]] for a in bits[:7]]


def test_nothing_is_near_no_hash():
    closeness, positions = Hashes(clustered(0, 3, 1), 4).nearest(Hashes(np.empty(0, np.uint64), 4))
    assert closeness.tolist() == [FAR] * 3
    assert positions.tolist() == [NONE] * 3
