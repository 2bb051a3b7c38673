import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.pipeline.gallery.histogram import BINS, bins_of, histograms

CLASSES = 3


def table(rows):
    return pd.DataFrame(rows, columns=["label", "kind", "score"]).astype({"score": float})


def edges_of(found):
    number = len(found["kept"]["counts"][0])
    return [found["low"] + i * found["step"] for i in range(number + 1)]


numbers = st.floats(-1, 1, width=32).map(lambda value: round(value, 3) + 0.00025)
rows = st.tuples(
    st.integers(0, CLASSES - 1), st.sampled_from(["kept", "rejected"]), numbers | st.just(np.nan)
)


@given(st.lists(rows, min_size=1, max_size=30))
def test_images_are_counted_in_their_bin_class_and_kind(some):
    found = histograms(table(some), "score", CLASSES)
    if all(np.isnan(value) for _, _, value in some):
        assert found is None
        return
    assert found is not None
    edges = edges_of(found)
    expected = {kind: np.zeros((CLASSES, len(edges) - 1), int) for kind in ("kept", "rejected")}
    without = {kind: [0] * CLASSES for kind in expected}
    for label, kind, value in some:
        if np.isnan(value):
            without[kind][label] += 1
            continue
        (place,) = [i for i, low in enumerate(edges[:-1]) if low <= value < edges[i + 1]]
        expected[kind][label][place] += 1
    for kind in expected:
        assert found[kind]["counts"] == expected[kind].tolist()
        assert found[kind]["without"] == without[kind]


def test_means_are_of_each_class_and_then_of_all():
    some = [(0, "kept", 0.1), (0, "kept", 0.2), (2, "kept", 0.6), (0, "rejected", 0.0)]

    found = histograms(table(some), "score", CLASSES)

    assert found is not None
    assert found["kept"]["means"] == [0.15, None, 0.6, 0.3]
    assert found["rejected"]["means"] == [0.0, None, None, 0.0]


@pytest.mark.parametrize(
    ("low", "high"), [(0.18, 0.37), (-0.05, 0.05), (0.3, 0.3), (0, 0), (-1, 1), (0, 1234.5)]
)
def test_bins_are_round_cover_the_values_and_are_no_more_than_allowed(low, high):
    bins = bins_of(low, high)

    assert bins.first * bins.step <= low
    assert (bins.first + bins.number) * bins.step >= high
    assert bins.number <= BINS + 1
    mantissa = float(f"{bins.step:e}".split("e")[0])
    assert mantissa in (1, 2, 5)


def test_equal_values_have_one_bin():
    found = histograms(table([(0, "kept", 0.3), (1, "rejected", 0.3)]), "score", 2)

    assert found is not None
    assert [sum(counts) for counts in found["kept"]["counts"]] == [1, 0]
    assert len(found["kept"]["counts"][0]) == 1
