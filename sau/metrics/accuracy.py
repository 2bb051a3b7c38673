"""Top-1 accuracy and recall, in percent."""

import math

import numpy as np
import numpy.typing as npt

from sau.core.errors import ArgumentError
from sau.metrics.classes import Classes, Counts, as_pair
from sau.metrics.shots import SHOTS, shots


def top1(
    labels: Classes,
    predicted: Classes,
) -> float:
    """Return the share of images whose class was found, in percent.

    Args:
        labels: true classes, integers (N,), N at least 1.
        predicted: likewise, of the same images.

    Raises:
        ValueError: other shapes, or no image.
    """
    true, found = as_pair(labels, predicted)
    return percent(int((true == found).sum()), len(true))


def per_class_recall(
    labels: Classes,
    predicted: Classes,
    classes: int | None = None,
) -> npt.NDArray[np.float64]:
    """Return the share of each class's images whose class was found, percent, float64 (C,).

    Args:
        labels: true classes, integers (N,), 0 to C - 1.
        predicted: likewise, of the same images.
        classes: C; None: the highest label plus 1.

    Returns: not a number for a class without images.

    Raises:
        ValueError: other shapes, or a class outside 0 to C - 1.
    """
    tested, correct = images_and_hits(labels, predicted, classes)
    return np.array([percent(int(c), int(t)) for c, t in zip(correct, tested, strict=True)])


def top1_by_shots(
    labels: Classes,
    predicted: Classes,
    train_counts: Classes,
    *,
    many_above: int = 100,
    few_at_most: int = 20,
) -> dict[str, float]:
    """Return top-1 in percent over the images of `all`, `many`, `medium` and `few` shot classes.

    Args:
        labels: true classes, integers (N,), 0 to C - 1.
        predicted: likewise, of the same images.
        train_counts: real training images of each class, (C,).
        many_above: see `shots`.
        few_at_most: see `shots`.

    Returns: by name; not a number where there are no images.

    Raises:
        ValueError: other shapes, or a class outside 0 to C - 1.
    """
    names = shots(train_counts, many_above=many_above, few_at_most=few_at_most)
    if names.ndim != 1:
        raise ArgumentError(f"train_counts: shape {names.shape}, expected (C,)")
    tested, correct = images_and_hits(labels, predicted, len(names))
    parts = {"all": np.full(len(names), True), **{name: names == name for name in SHOTS}}
    return {
        name: percent(int(correct[mask].sum()), int(tested[mask].sum()))
        for name, mask in parts.items()
    }


def images_and_hits(
    labels: Classes,
    predicted: Classes,
    classes: int | None = None,
) -> tuple[Counts, Counts]:
    """Return the images of each class, and those whose class was found, int64 (C,) each."""
    true, found = as_pair(labels, predicted, classes)
    count = classes if classes is not None else int(true.max()) + 1
    right = true[true == found]
    return np.bincount(true, minlength=count), np.bincount(right, minlength=count)


def percent(correct: int, total: int) -> float:
    """Return a share in percent; not a number of nothing."""
    return 100.0 * correct / total if total else math.nan
