"""What predictions are worth: of all classes, of each part of a long tail, of each class.

Pure functions of labels, predicted classes and probabilities, as NumPy arrays, torch tensors or
lists.
"""

from sau.metrics.accuracy import per_class_recall, top1, top1_by_shots
from sau.metrics.calibration import (
    area_under_risk_coverage,
    expected_calibration_error,
    negative_log_likelihood,
)
from sau.metrics.classes import Classes, Counts
from sau.metrics.classification import balanced_accuracy, macro_f1, per_class_f1
from sau.metrics.counts import class_counts, confusion_matrix
from sau.metrics.shots import SHOTS, shots

__all__ = [
    "SHOTS",
    "Classes",
    "Counts",
    "area_under_risk_coverage",
    "balanced_accuracy",
    "class_counts",
    "confusion_matrix",
    "expected_calibration_error",
    "macro_f1",
    "negative_log_likelihood",
    "per_class_f1",
    "per_class_recall",
    "shots",
    "top1",
    "top1_by_shots",
]
