"""Figures that count each class the same, however many images it has, in percent."""

import numpy as np
import numpy.typing as npt

from sau.core.errors import ArgumentError
from sau.metrics.accuracy import per_class_recall
from sau.metrics.classes import Classes, as_pair


def balanced_accuracy(labels: Classes, predicted: Classes, classes: int | None = None) -> float:
    """Return the mean over classes of each class's recall, in percent.

    Args:
        labels: true classes, integers (N,), 0 to C - 1; a class without images does not count.
        predicted: likewise, of the same images.
        classes: C; None: the highest of both plus 1.

    Raises:
        ValueError: other shapes, no image, or a class outside 0 to C - 1.

    Source: Brodersen et al., "The Balanced Accuracy and Its Posterior Distribution" (ICPR 2010).
    """
    return mean_over_classes(per_class_recall(labels, predicted, classes))


def macro_f1(labels: Classes, predicted: Classes, classes: int | None = None) -> float:
    """Return the mean over classes of each class's F1, in percent.

    Args:
        labels: true classes, integers (N,), 0 to C - 1.
        predicted: likewise, of the same images. A class that is in neither does not count, one
            that is only predicted counts with an F1 of 0.
        classes: C; None: the highest of both plus 1.

    Raises:
        ValueError: other shapes, no image, or a class outside 0 to C - 1.

    Source: "averaged F1" of Opitz and Burst, "Macro F1 and Macro F1" (2019), arXiv:1911.03347.
    """
    return mean_over_classes(per_class_f1(labels, predicted, classes))


def per_class_f1(
    labels: Classes, predicted: Classes, classes: int | None = None
) -> npt.NDArray[np.float64]:
    """Return each class's F1, the harmonic mean of precision and recall, percent, float64 (C,).

    F1 is 2 TP / (2 TP + FP + FN), by images of the class that are found (TP), images of others
    that are taken for it (FP), and its images that are taken for others (FN).

    Args:
        labels: true classes, integers (N,), 0 to C - 1.
        predicted: likewise, of the same images.
        classes: C; None: the highest of both plus 1.

    Returns: not a number for a class that is neither true nor predicted.

    Raises:
        ValueError: other shapes, no image, or a class outside 0 to C - 1.
    """
    true, found = as_pair(labels, predicted, classes)
    count = classes if classes is not None else int(max(true.max(), found.max())) + 1
    hits = np.bincount(true[true == found], minlength=count)
    either = np.bincount(true, minlength=count) + np.bincount(found, minlength=count)
    figures = np.full(count, np.nan)
    np.divide(200.0 * hits, either, out=figures, where=either > 0)
    return figures


def mean_over_classes(figures: npt.NDArray[np.float64]) -> float:
    """Return the mean of the classes' figures, (C,), without those that are not a number.

    Raises:
        ValueError: not one is a number.
    """
    known = figures[~np.isnan(figures)]
    if not len(known):
        raise ArgumentError("figures: none is a number, expected at least one")
    return float(known.mean())
