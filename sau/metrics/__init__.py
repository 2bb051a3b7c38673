"""What predictions are worth: top-1 of all classes, of each part of a long tail, of each class.

Pure functions of labels and predicted classes, as NumPy arrays, torch tensors or lists.
"""

from sau.metrics.accuracy import per_class_recall, top1, top1_by_shots
from sau.metrics.classes import Classes, Counts
from sau.metrics.counts import class_counts, confusion_matrix
from sau.metrics.shots import SHOTS, shots

__all__ = [
    "SHOTS",
    "Classes",
    "Counts",
    "class_counts",
    "confusion_matrix",
    "per_class_recall",
    "shots",
    "top1",
    "top1_by_shots",
]
