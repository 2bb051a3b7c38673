import numpy as np
import pytest

from sau.longtail.validation import hold_out, validation_counts

LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [40, 10, 1]))


def test_counts_are_rounded_shares_but_one_image_stays():
    counts = [500, 299, 15, 5, 3, 2, 1]
    assert validation_counts(counts, 0.1) == [50, 30, 2, 0, 0, 0, 0]
    assert validation_counts(counts, 0.9) == [450, 269, 14, 4, 2, 1, 0]
    assert validation_counts(counts, 0.0) == [0] * 7


def test_held_out_images_are_so_many_of_each_class():
    mask = hold_out(LABELS, [12, 3, 0], seed=0)
    assert mask.shape == LABELS.shape
    assert np.bincount(LABELS[mask], minlength=3).tolist() == [12, 3, 0]


def test_smaller_part_lies_in_a_larger_one_and_a_class_has_its_own_stream():
    small, large = hold_out(LABELS, [4, 3, 0], 0), hold_out(LABELS, [12, 3, 0], 0)
    assert small.sum() < large.sum()
    assert not (small & ~large).any()
    assert (small[LABELS == 1] == large[LABELS == 1]).all()


def test_images_are_equally_likely_to_be_held_out():
    draws = np.array([hold_out(LABELS, [12, 3, 0], seed) for seed in range(400)])
    assert len({row.tobytes() for row in draws}) == 400
    shares = draws.mean(axis=0)
    # Five standard deviations of a share of 0.3 in 400 draws.
    assert np.abs(shares[LABELS < 2] - 0.3).max() < 5 * (0.3 * 0.7 / 400) ** 0.5
    assert shares[LABELS == 2] == pytest.approx(0)
