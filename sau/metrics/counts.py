"""How often classes occur, and how often each is taken for each."""

import numpy as np

from sau.metrics.classes import Classes, Counts, as_classes, as_pair


def class_counts(
    labels: Classes, classes: int | None = None, *, argument: str = "labels"
) -> Counts:
    """Return how often each class occurs, int64 (C,).

    Args:
        labels: integers (N,), 0 to C - 1.
        classes: C; None: the highest label plus 1.
        argument: what messages call the labels.

    Raises:
        ValueError: another shape or dtype, or a label outside 0 to C - 1.
    """
    values = as_classes(labels, classes, argument)
    return np.bincount(values, minlength=classes or 0).astype(np.int64)


def confusion_matrix(
    labels: Classes,
    predicted: Classes,
    classes: int | None = None,
) -> Counts:
    """Return how often each class is taken for each, int64 (C, C).

    Args:
        labels: true classes, integers (N,), 0 to C - 1; the matrix's rows.
        predicted: likewise, of the same images; its columns.
        classes: C; None: the highest of both plus 1.

    Raises:
        ValueError: other shapes, or a class outside 0 to C - 1.
    """
    true, found = as_pair(labels, predicted, classes)
    count = classes if classes is not None else int(max(true.max(), found.max(), -1)) + 1
    return np.bincount(true * count + found, minlength=count**2).reshape(count, count)
