"""What predictions are worth: of all classes, of each part of a long tail, of each class; and how
much better one method is than another.

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
from sau.metrics.difference import Difference, Verdict
from sau.metrics.paired_bootstrap import paired_bootstrap
from sau.metrics.paired_over_seeds import paired_over_seeds
from sau.metrics.shots import SHOTS, shots

__all__ = [
    "SHOTS",
    "Classes",
    "Counts",
    "Difference",
    "Verdict",
    "area_under_risk_coverage",
    "balanced_accuracy",
    "class_counts",
    "confusion_matrix",
    "expected_calibration_error",
    "macro_f1",
    "negative_log_likelihood",
    "paired_bootstrap",
    "paired_over_seeds",
    "per_class_f1",
    "per_class_recall",
    "shots",
    "top1",
    "top1_by_shots",
]
