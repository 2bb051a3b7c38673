"""Synthetic images by need."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.longtail.need import counts_by_need


def test_shares_follow_what_lacks_times_the_error() -> None:
    """Errors by Laplace's rule: 1/2 of no image, 1/4 of two that are right, 3/4 of two wrong."""
    assert counts_by_need([100, 60, 60], [0, 2, 2], [0, 2, 0]) == [0, 20, 60]
    assert counts_by_need([100, 80, 40], [8, 8, 8], [4, 4, 4]) == [0, 20, 60]


def test_without_validation_images_each_class_is_filled_up_to_the_largest() -> None:
    assert counts_by_need([50, 10, 1], [0, 0, 0], [0, 0, 0]) == [0, 40, 49]


def test_largest_remainders_get_what_is_left_of_equal_ones_the_first_class() -> None:
    """Of 2 images in all, 2/3 for each of three equal classes."""
    assert counts_by_need([2, 1, 1], [0, 0, 0], [0, 0, 0]) == [0, 1, 1]
    assert counts_by_need([3, 2, 2, 1], [0, 1, 1, 4], [0, 0, 0, 4]) == [0, 2, 1, 1]


def test_balanced_and_single_classes_get_none() -> None:
    assert counts_by_need([7, 7], [3, 3], [0, 3]) == [0, 0]
    assert counts_by_need([7], [3], [0]) == [0]


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 50), st.floats(0, 1)), min_size=1))
def test_total_is_that_of_a_filled_tail_and_no_share_is_off_by_one(
    classes: list[tuple[int, int, float]],
) -> None:
    real, images = [n for n, _, _ in classes], [seen for _, seen, _ in classes]
    right = [round(share * seen) for _, seen, share in classes]
    found = counts_by_need(real, images, right)
    lacking = [max(real) - n for n in real]
    assert sum(found) == sum(lacking)
    errors = [(s - r + 1) / (s + 2) for s, r in zip(images, right, strict=True)]
    weights = [lack * error for lack, error in zip(lacking, errors, strict=True)]
    for count, weight in zip(found, weights, strict=True):
        share = sum(lacking) * weight / sum(weights) if sum(weights) else 0
        assert count == pytest.approx(share, abs=1 + 1e-6)
