import numpy as np
import pytest

from sau.longtail.swapped import swap_labels

LABELS = np.repeat([1, 2, 3, 4], [10, 25, 40, 41])[np.random.default_rng(0).permutation(116)]


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_each_class_has_its_share_of_wrong_labels_and_its_size(share, seed):
    swapped = swap_labels(LABELS, share, seed)

    wrong = swapped != LABELS
    for label in range(1, 5):
        size = int((label == LABELS).sum())
        assert (swapped == label).sum() == size
        # As many of the images of a class, and of those that are now called by it.
        assert wrong[label == LABELS].sum() == wrong[swapped == label].sum() == round(share * size)


def test_smaller_share_is_part_of_a_larger_one_and_the_seed_counts():
    small, large = (swap_labels(LABELS, share, 0) != LABELS for share in (0.2, 0.4))

    assert (small <= large).all()
    np.testing.assert_array_equal(swap_labels(LABELS, 0.2, 0), swap_labels(LABELS, 0.2, 0))
    assert (swap_labels(LABELS, 0.2, 1) != swap_labels(LABELS, 0.2, 0)).any()


def test_wrong_labels_are_of_all_other_classes():
    swapped = swap_labels(np.repeat([0, 1, 2], 300), 0.5, 0)

    counts = np.bincount(3 * np.repeat([0, 1, 2], 300) + swapped, minlength=9).reshape(3, 3)
    assert np.diag(counts).tolist() == [150] * 3
    assert counts.min() > 40  # 75 are expected of each other class


def test_two_classes_of_one_size_change_places():
    assert swap_labels(np.array([0, 0, 1, 1]), 1.0, 0).tolist() == [1, 1, 0, 0]


def test_nothing_to_swap_stays():
    assert swap_labels(np.empty(0, dtype=np.int64), 0.5, 0).tolist() == []
    assert swap_labels(np.array([0, 0, 0, 0]), 0.1, 0).tolist() == [0, 0, 0, 0]


def test_class_of_more_than_half_cannot_be_swapped():
    with pytest.raises(ValueError, match="^share: 0.5 takes 3 images of class 7 and 1 of the "):
        swap_labels(np.array([7] * 6 + [1, 1]), 0.5, 0)
    with pytest.raises(ValueError, match=r"^share: 1.1, expected 0 to 1"):
        swap_labels(LABELS, 1.1, 0)
