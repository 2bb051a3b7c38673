import math

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sau.pipeline.filter.reasons import rejected_by
from sau.pipeline.filter.shares import best_first, quota, ranks, top_fraction

ROWS = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.3, float("nan")]), st.integers(0, 3)), min_size=1
)


def columns_of(rows):
    """Ids in reverse, so that their order is not that of the rows."""
    scores = np.array([score for score, _ in rows], dtype=np.float32)
    labels = np.array([label for _, label in rows], dtype=np.int64)
    return labels, scores, [f"{len(rows) - place:03d}" for place in range(len(rows))]


def slow_order(labels, scores, ids):
    """Per class, best score first, without a score last, ties by id."""

    def key(place):
        score = float(scores[place])
        return labels[place], math.isnan(score), 0 if math.isnan(score) else -score, ids[place]

    return sorted(range(len(ids)), key=key)


def slow_top(labels, order, fraction):
    kept = set()
    for label in set(labels.tolist()):
        rows = [place for place in order if labels[place] == label]
        kept |= set(rows[: math.ceil(round(fraction * len(rows), 9))])
    return kept


@given(ROWS)
def test_order_and_ranks_equal_the_slow_ones(rows):
    labels, scores, ids = columns_of(rows)
    order = best_first(labels, scores, pa.array(ids))
    assert order.tolist() == slow_order(labels, scores, ids)
    expected = [[p for p in order if labels[p] == labels[i]].index(i) + 1 for i in range(len(rows))]
    assert ranks(labels, order).tolist() == expected


@given(ROWS, st.floats(0.01, 1))
def test_top_fraction_equals_the_slow_rule_and_empties_no_class(rows, fraction):
    labels, scores, ids = columns_of(rows)
    order = best_first(labels, scores, pa.array(ids))
    rejected = rejected_by(top_fraction(labels, ranks(labels, order), fraction))
    kept = set(np.flatnonzero(~rejected).tolist())
    assert kept == slow_top(labels, order.tolist(), fraction)
    assert set(labels[sorted(kept)].tolist()) == set(labels.tolist())


@given(ROWS, st.integers(1, 4), st.data())
def test_quota_takes_the_best_of_what_passes(rows, count, data):
    labels, scores, ids = columns_of(rows)
    passed = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    order = best_first(labels, scores, pa.array(ids))
    rejected = rejected_by(quota(labels, order, passed, count))
    for label in range(4):
        wanted = [place for place in order.tolist() if labels[place] == label and passed[place]]
        kept = [place for place in wanted if not rejected[place]]
        assert kept == wanted[:count]
    assert not (rejected & ~passed).any()


def test_ties_are_broken_by_id_and_one_keeps_all():
    labels, ids = np.zeros(6, dtype=np.int64), pa.array(list("fedcba"))
    places = ranks(labels, best_first(labels, np.full(6, 0.5, np.float32), ids))
    assert places.tolist() == [6, 5, 4, 3, 2, 1]
    assert rejected_by(top_fraction(labels, places, 0.5)).tolist() == [True] * 3 + [False] * 3
    assert not rejected_by(top_fraction(labels, places, 1.0)).any()


def test_floating_point_does_not_keep_one_more():
    labels = np.zeros(160, dtype=np.int64)
    column = top_fraction(labels, np.arange(1, 161), 0.8)
    assert column.null_count == 128
    assert column[128].as_py() == "rank 129 of 160, not among the best 128 (80 %)"


def test_reason_of_the_quota_says_how_many_are_better():
    labels = np.zeros(3, dtype=np.int64)
    column = quota(labels, np.array([2, 0, 1]), np.array([True, True, True]), 2)
    assert column.to_pylist() == [None, "the class has 2 better images, this is number 3", None]
