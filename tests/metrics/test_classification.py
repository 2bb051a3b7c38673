import math

import numpy as np
import pytest
import torch

from sau.metrics import balanced_accuracy, macro_f1, per_class_f1, per_class_recall


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("seed", range(5))
def test_balanced_accuracy_and_macro_f1_equal_scikit_learns(seed: int) -> None:
    from sklearn.metrics import balanced_accuracy_score, f1_score

    random = np.random.default_rng(seed)
    labels = random.integers(0, 5, 40) ** 2 // 4  # some classes are rare, 3 is never true
    predicted = np.where(random.random(40) < 0.6, labels, random.integers(0, 6, 40))

    found = balanced_accuracy(labels, predicted)
    each = per_class_f1(labels, predicted)

    assert found == pytest.approx(100 * balanced_accuracy_score(labels, predicted))
    expected = 100 * f1_score(labels, predicted, average="macro", zero_division=0.0)
    assert macro_f1(labels, predicted) == pytest.approx(expected)
    there = sorted({*labels.tolist(), *predicted.tolist()})
    expected = 100 * f1_score(labels, predicted, average=None, labels=there, zero_division=0.0)
    assert each[there].tolist() == pytest.approx(expected.tolist())
    assert np.isnan(np.delete(each, there)).all()


def test_classes_count_the_same_however_many_images_they_have() -> None:
    labels = [0] * 98 + [1] * 2
    predicted = [0] * 100

    assert balanced_accuracy(labels, predicted) == 50
    assert macro_f1(labels, predicted) == pytest.approx(100 * (196 / 198) / 2)


def test_class_without_images_does_not_count() -> None:
    assert balanced_accuracy([0, 0, 2], [0, 1, 2], classes=9) == 75
    # 0: 2 / 3, 1: only predicted, 2: whole; the other six are nowhere.
    assert macro_f1([0, 0, 2], [0, 1, 2], classes=9) == pytest.approx(100 * (2 / 3 + 0 + 1) / 3)


def test_lists_arrays_and_tensors_give_the_same_f1() -> None:
    labels, predicted = [0, 1, 2, 2], [0, 2, 2, 1]
    for form in (list, np.array, torch.tensor):
        assert per_class_f1(form(labels), form(predicted)).tolist() == [100, 0, 50]


def test_only_image_of_the_only_class() -> None:
    assert (balanced_accuracy([0], [0]), macro_f1([0], [0])) == (100, 100)
    assert per_class_recall([0], [1]).tolist() == [0]
    assert per_class_f1([0], [1]).tolist() == [0, 0]
    assert not math.isnan(macro_f1([0], [1]))


def test_f1_refuses_what_it_cannot_measure() -> None:
    with pytest.raises(ValueError, match="^labels: no image"):
        macro_f1([], [])
    with pytest.raises(ValueError, match="^predicted: from 2 to 2, expected 0 to 1"):
        balanced_accuracy([0], [2], classes=2)
