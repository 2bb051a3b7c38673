"""Near duplicates against a loop over all pairs, from the best image down."""

import numpy as np
import pyarrow as pa
import pytest

from sau.pipeline.filter.closeness import NONE
from sau.pipeline.filter.embeddings import Embeddings
from sau.pipeline.filter.hashes import Hashes
from sau.pipeline.filter.near import near_better_images, near_test_images
from sau.pipeline.filter.shares import best_first


def slow_near_better(measures, labels, order):
    """From best to worst: near one that stays, by any measure, and it goes; else it stays."""
    tables = [measure.table(measure) for measure in measures]
    stays, found = [], [{} for _ in measures]
    for image in order.tolist():
        rivals = [other for other in stays if labels[other] == labels[image]]
        gone = False
        for table, measure, into in zip(tables, measures, found, strict=True):
            if not rivals:
                continue
            best = max(rivals, key=lambda other: table[image, other])  # the first of several
            if table[image, best] >= measure.least:
                into[image] = best
                gone = True
        if not gone:
            stays.append(image)
    return stays, found


def random_images(seed, count, classes, chain):
    """Embeddings and hashes that drift from one image to the next, so that nearness has chains."""
    draws = np.random.default_rng(seed)
    vectors = np.cumsum(draws.normal(size=(count, 8)) * chain, axis=0) + 4
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    turned = np.uint64(1) << draws.integers(0, 64, count, dtype=np.uint64)
    bits = np.bitwise_xor.accumulate(turned)
    shuffle = draws.permutation(count)
    labels = draws.integers(0, classes, count)
    scores = draws.choice([0.1, 0.2, 0.3], count).astype(np.float32)
    ids = pa.array([f"{place:03d}" for place in range(count)])
    order = best_first(labels, scores, ids)
    return vectors[shuffle].astype(np.float16), bits[shuffle], labels, order


@pytest.mark.parametrize("block", [1, 7, 512])
@pytest.mark.parametrize("which", ["embedding", "hash", "both"])
@pytest.mark.parametrize("seed", range(4))
def test_near_duplicates_equal_the_slow_greedy_rule(seed, which, block):
    vectors, bits, labels, order = random_images(seed, 60, 3, chain=0.3)
    both = {"embedding": Embeddings(vectors, 0.97), "hash": Hashes(bits, 3)}
    measures = [both[which]] if which != "both" else list(both.values())
    stays, expected = slow_near_better(measures, labels, order)
    found = near_better_images(measures, labels, order, block)
    for neighbours, into in zip(found, expected, strict=True):
        rows = np.flatnonzero(neighbours.found()).tolist()
        assert {row: int(neighbours.positions[row]) for row in rows} == into
    gone = np.any([neighbours.found() for neighbours in found], axis=0)
    assert sorted(stays) == np.flatnonzero(~gone).tolist()
    assert 3 < len(stays) < 57


def test_image_that_comes_many_times_leaves_the_best_of_each_class():
    bits = np.full(1200, 5, dtype=np.uint64)
    labels = np.arange(1200) % 2
    order = np.argsort(labels, kind="stable")
    (found,) = near_better_images([Hashes(bits, 0)], labels, order)
    assert np.flatnonzero(~found.found()).tolist() == [0, 1]
    assert set(found.positions[2:].tolist()) == {0, 1}


def test_chain_keeps_every_second_image():
    """Each is near its neighbours alone: the second goes for the first, so the third stays."""
    bits = np.array([(1 << place) - 1 for place in range(8)], dtype=np.uint64)
    (found,) = near_better_images([Hashes(bits, 1)], np.zeros(8, dtype=np.int64), np.arange(8))
    assert found.positions.tolist() == [NONE, 0, NONE, 2, NONE, 4, NONE, 6]


def test_images_that_are_none_or_one_are_near_nothing():
    for count in (0, 1):
        some = Hashes(np.zeros(count, np.uint64), 4)
        places = np.arange(count)
        (found,) = near_better_images([some], np.zeros(count, dtype=np.int64), places)
        assert found.positions.tolist() == [NONE] * count


def test_reasons_name_the_other_image_and_the_figure():
    tests = Hashes(np.array([0, 0b111], dtype=np.uint64), 2)
    neighbours = near_test_images(Hashes(np.array([0b11, 1 << 40, 0xFFFF], np.uint64), 2), tests)
    words = neighbours.reasons(tests, pa.array(["t/0", "t/1"]), "the test image").to_pylist()
    assert words == [
        "near the test image t/1 (perceptual hashes differ in 1 of 64 bits, limit 2)",
        "near the test image t/0 (perceptual hashes differ in 1 of 64 bits, limit 2)",
        None,
    ]


def test_far_cosine_is_no_leak():
    vectors = np.eye(3, dtype=np.float16)
    tests = Embeddings(vectors[:1], 0.5)
    neighbours = near_test_images(Embeddings(vectors, 0.5), tests)
    assert neighbours.positions.tolist() == [0, NONE, NONE]
    words = neighbours.reasons(tests, pa.array(["t/0"]), "the test image").to_pylist()
    assert words[0] == "near the test image t/0 (cosine 1, limit 0.5)"
