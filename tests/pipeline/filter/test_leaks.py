import logging

import numpy as np
import pytest

from sau.core.errors import UserError
from sau.pipeline.filter.embeddings import Embeddings
from sau.pipeline.filter.images import Images
from sau.pipeline.filter.leaks import find_leaks, log_leaks
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.filter.trust import confused
from tests.pipeline.filter.conftest import (
    distinct_hashes,
    scores_table,
    unit_vectors,
    unscored_table,
)

VECTORS = unit_vectors(5).astype(np.float16)
OTHERS = unit_vectors(4, seed=9).astype(np.float16)


def check(synthetic, tests, **settings):
    made = FilterSettings(**settings)
    return find_leaks(Images.readable(synthetic), Images.readable(tests, "test images"), made)


@pytest.fixture
def tests():
    """Real test images: one has the embedding of s/001, one nearly the hash of s/003."""
    hashes = distinct_hashes(4, seed=7)
    hashes[2] = distinct_hashes(5)[3] ^ 0b11
    return scores_table(
        4, "t", embedding=[VECTORS[1], *OTHERS[1:]], perceptual_hash=hashes, label=[1] * 4
    )


def test_copies_are_found_by_either_measure_whatever_their_class(tests):
    found = check(scores_table(5), tests)
    assert found.reasons.to_pylist() == [
        None,
        "near the test image t/000 (cosine 1, limit 0.98)",
        None,
        "near the test image t/002 (perceptual hashes differ in 2 of 64 bits, limit 4)",
        None,
    ]
    each = {"compared": 5, "test_compared": 4, "found": 1, "skipped": None, "drops": True}
    of_real = {"real_confused": 0, "real_compared": 4}
    by_embedding = {"synthetic": "s/001", "test": "t/000", "closeness": 1.0}
    by_hash = {"synthetic": "s/003", "test": "t/002", "closeness": -2.0}
    assert found.facts == {
        "mode": "drop",
        "test_images": 4,
        "found": 2,
        "measures": [
            {"name": "embedding", "limit": 0.98, **each, **of_real, "pairs": [by_embedding]},
            {"name": "perceptual hash", "limit": 4, **each, "pairs": [by_hash]},
        ],
    }


def test_measure_with_no_limit_is_not_used(tests):
    by_hash = check(scores_table(5), tests, leak_similarity=None)
    assert [measure["name"] for measure in by_hash.facts["measures"]] == ["perceptual hash"]
    assert by_hash.reasons.is_valid().to_pylist() == [False, False, False, True, False]
    with pytest.raises(UserError, match="leak_similarity and leak_hash_distance are both null"):
        FilterSettings(leak_similarity=None, leak_hash_distance=None)


@pytest.mark.parametrize("unscored", ["synthetic images", "test images"])
def test_embeddings_that_are_missing_skip_their_half_and_are_said(unscored, tests, caplog):
    synthetic = scores_table(5)
    if unscored == "test images":
        tests = unscored_table(4, perceptual_hash=tests["perceptual_hash"].to_numpy())
    else:
        synthetic = unscored_table(5)
    found = check(synthetic, tests)
    assert found.facts["measures"][0] == {
        "name": "embedding",
        "limit": 0.98,
        "found": 0,
        "compared": 0,
        "test_compared": 0,
        "skipped": f"the {unscored} have no embedding",
        "drops": True,
    }
    assert found.facts["found"] == found.facts["measures"][1]["found"] == 1
    with caplog.at_level(logging.INFO):
        log_leaks(found.facts)
    assert f"leak check by embedding skipped: the {unscored} have no embedding" in caplog.text
    assert "1 of 5 synthetic images are near one of 4 test images (limit 4)" in caplog.text


def test_embeddings_that_confuse_real_classes_drop_nothing(tests, caplog):
    """Two test images of different classes are as near to each other as a copy would be."""
    vague = scores_table(
        4,
        "t",
        embedding=[VECTORS[1], VECTORS[1], *OTHERS[2:]],
        perceptual_hash=tests["perceptual_hash"].to_pylist(),
        label=[0, 1, 1, 1],
    )
    found = check(scores_table(5), vague)
    by_embedding, by_hash = found.facts["measures"]
    assert (by_embedding["real_confused"], by_embedding["real_compared"]) == (2, 4)
    assert (by_embedding["drops"], by_hash["drops"]) == (False, True)
    assert found.reasons.is_valid().to_pylist() == [False, False, False, True, False]
    assert found.reported.is_valid().to_pylist() == [False, True, False, False, False]
    assert found.facts["found"] == 2
    with caplog.at_level(logging.WARNING):
        log_leaks(found.facts)
    assert "2 of 4 real test images are as near to one of another class" in caplog.text


def test_confused_images_are_those_of_a_slow_loop():
    random = np.random.default_rng(0)
    vectors = random.normal(size=(300, 4))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    labels = random.integers(0, 3, 300)
    found = confused(Embeddings(vectors, 0.98), labels)
    exact = vectors.astype(float)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    slow = sum(
        any(labels[i] != labels[j] and exact[i] @ exact[j] >= 0.98 - 1e-6 for j in range(300))
        for i in range(300)
    )
    assert found == (slow, 300)
    assert 0 < slow < 300


@pytest.mark.parametrize(("compared", "found", "warns"), [(100, 6, True), (100, 5, False)])
def test_leaks_by_embedding_are_doubted_where_they_are_many(compared, found, warns, caplog):
    measure = {"name": "embedding", "limit": 0.98, "found": found, "compared": compared}
    facts = {"mode": "drop", "measures": [measure | {"test_compared": 4, "skipped": None}]}
    with caplog.at_level(logging.WARNING):
        log_leaks(facts)
    assert ("set it to null" in caplog.text) == warns
    caplog.clear()
    measure["name"] = "perceptual hash"
    with caplog.at_level(logging.WARNING):
        log_leaks(facts | {"measures": [measure | {"test_compared": 4, "skipped": None}]})
    assert not caplog.text


def test_check_that_could_compare_nothing_is_refused(tests):
    with pytest.raises(UserError, match="nothing can be compared: the synthetic images have no"):
        check(unscored_table(5), tests, leak_hash_distance=None)
    assert check(unscored_table(5).slice(0, 0), tests, leak_hash_distance=None).facts["found"] == 0


def test_images_that_lack_a_measure_are_not_counted_as_compared(tests):
    embeddings = [VECTORS[0], None, VECTORS[1], None, VECTORS[4]]
    found = check(scores_table(5, embedding=embeddings), tests, leak_hash_distance=None)
    assert found.reasons.is_valid().to_pylist() == [False, False, True, False, False]
    assert found.facts["measures"][0]["compared"] == 3


def test_failed_test_images_are_left_out_and_ids_stay_right(tests):
    statuses = ["failed", "ok", "ok", "ok"]
    at = tests.column_names.index("status")
    failed = tests.set_column(at, tests.schema.field("status"), [statuses])
    found = check(scores_table(5), failed)
    assert found.facts["test_images"] == 3
    assert [words for words in found.reasons.to_pylist() if words] == [
        "near the test image t/002 (perceptual hashes differ in 2 of 64 bits, limit 4)"
    ]


@pytest.mark.parametrize("count", [0, 1])
def test_leaks_among_hardly_any_images(count, tests):
    found = check(scores_table(count, embedding=list(VECTORS[:count])), tests)
    assert len(found.reasons) == count
    assert check(scores_table(5), tests.slice(0, 0)).facts["found"] == 0


def test_embeddings_of_different_lengths_are_refused(tests):
    longer = scores_table(5, embedding=list(unit_vectors(5, 32).astype(np.float16)))
    with pytest.raises(
        UserError, match="synthetic images have 32 numbers, those of test images 16"
    ):
        check(longer, tests)
    mixed = scores_table(2, embedding=[VECTORS[0], VECTORS[1][:8]])
    with pytest.raises(UserError, match="embeddings of the synthetic images have 16 and 8 numbers"):
        check(mixed, tests)
