"""What one selection's predictions are worth, over the test images of any classes."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sau.metrics import (
    Counts,
    area_under_risk_coverage,
    expected_calibration_error,
    negative_log_likelihood,
    per_class_f1,
    per_class_recall,
)
from sau.metrics.accuracy import percent
from sau.metrics.classification import mean_over_classes

Probabilities = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Judged:
    """Predictions of N test images, with what each of C classes is worth by itself.

    labels, predicted: integers (N,); confidence, label_probability: (N,), 0 to 1.
    recall, f1: percent (C,), over the whole test set.
    images: the places of each class's test images.
    """

    labels: Counts
    predicted: Counts
    confidence: Probabilities
    label_probability: Probabilities
    recall: Probabilities
    f1: Probabilities
    images: list[Counts]

    @classmethod
    def of(cls, rows: pa.Table, classes: int) -> "Judged":
        """Judge rows of the predictions manifest.

        Args:
            rows: of one selection: label, predicted, confidence, label_probability.
            classes: C; labels are 0 to C - 1.

        Raises:
            ValueError: a class outside 0 to C - 1.
        """
        labels, predicted, confidence, probability = (
            rows[name].to_numpy()
            for name in ("label", "predicted", "confidence", "label_probability")
        )
        recall = per_class_recall(labels, predicted, classes)
        f1 = per_class_f1(labels, predicted, classes)
        order = np.argsort(labels, kind="stable")
        images = np.split(order, np.searchsorted(labels[order], np.arange(1, classes)))
        return cls(labels, predicted, confidence, probability, recall, f1, images)

    def figures(self, classes: Sequence[int]) -> dict[str, float] | None:
        """Return every figure over the test images of some classes; None where they have none.

        Args:
            classes: labels.

        Returns: by the names of the manifest's `FIGURES`.
        """
        pieces = [self.images[label] for label in classes]
        if not sum(map(len, pieces)):
            return None
        images = np.concatenate(pieces)
        of_images = self.labels[images], self.predicted[images]
        confidence = self.confidence[images]
        return {
            "top1": percent(int((of_images[0] == of_images[1]).sum()), len(images)),
            "balanced_accuracy": mean_over_classes(self.recall[classes]),
            "macro_f1": mean_over_classes(self.f1[classes]),
            "ece": expected_calibration_error(*of_images, confidence),
            "aurc": area_under_risk_coverage(*of_images, confidence),
            "nll": negative_log_likelihood(self.label_probability[images]),
        }
