import math

import numpy as np
import pytest
import torch

from sau.metrics import (
    class_counts,
    confusion_matrix,
    per_class_recall,
    shots,
    top1,
    top1_by_shots,
)


def slow_top1(labels: list[int], predicted: list[int], kept: set[int]) -> float:
    pairs = [(a, b) for a, b in zip(labels, predicted, strict=True) if a in kept]
    return 100 * sum(a == b for a, b in pairs) / len(pairs) if pairs else math.nan


@pytest.mark.parametrize("seed", range(5))
def test_metrics_equal_slow_loops(seed: int) -> None:
    random = np.random.default_rng(seed)
    classes = 6
    labels, predicted = random.integers(0, classes, (2, 50))
    trained = random.integers(0, 10, classes)
    parts = {
        "all": set(range(classes)),
        "many": {c for c in range(classes) if trained[c] > 6},
        "medium": {c for c in range(classes) if 2 < trained[c] <= 6},
        "few": {c for c in range(classes) if trained[c] <= 2},
    }
    pairs = labels.tolist(), predicted.tolist()
    found = top1_by_shots(labels, predicted, trained, many_above=6, few_at_most=2)
    expected = {name: slow_top1(*pairs, kept) for name, kept in parts.items()}
    assert found == pytest.approx(expected, nan_ok=True)
    assert top1(labels, predicted) == pytest.approx(expected["all"])
    recall = per_class_recall(labels, predicted, classes)
    assert recall.tolist() == pytest.approx([slow_top1(*pairs, {c}) for c in range(classes)])
    matrix = confusion_matrix(labels, predicted, classes)
    for a in range(classes):
        for b in range(classes):
            assert matrix[a, b] == sum((labels == a) & (predicted == b))
    assert class_counts(labels, classes).tolist() == matrix.sum(axis=1).tolist()


def test_lists_arrays_and_tensors_give_the_same() -> None:
    labels, predicted = [0, 1, 2, 2], [0, 2, 2, 1]
    expected = top1(labels, predicted)
    assert expected == 50
    for form in (np.array, torch.tensor):
        assert top1(form(labels), form(predicted)) == expected
        assert per_class_recall(form(labels), form(predicted)).tolist() == [100, 0, 50]


def test_class_without_images_has_no_recall() -> None:
    assert np.isnan(per_class_recall([0, 0], [0, 1], classes=2)[1])
    assert math.isnan(top1_by_shots([0], [0], [500])["few"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: top1([0, 1], [0]), r"^predicted: shape \(1,\), expected \(2,\)"),
        (lambda: top1([], []), "^labels: no image"),
        (lambda: top1([0.5], [0]), "^labels: dtype float64, expected integers"),
        (lambda: confusion_matrix([0], [2], classes=2), "^predicted: from 2 to 2, expected 0 to 1"),
        (lambda: class_counts([-1]), "^labels: from -1 to -1, expected 0 or more"),
        (lambda: class_counts([[0]]), r"^labels: shape \(1, 1\), expected \(N,\)"),
        (lambda: shots([1], many_above=1, few_at_most=2), "^few_at_most: 2, expected at most"),
    ],
)
def test_metrics_refuse_what_they_cannot_measure(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()
