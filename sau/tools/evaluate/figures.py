"""What a network's answers to images of known classes are worth, with intervals."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from sau.core.random_streams import numpy_generator
from sau.metrics import (
    area_under_risk_coverage,
    balanced_accuracy,
    confusion_matrix,
    expected_calibration_error,
    negative_log_likelihood,
    per_class_f1,
    per_class_recall,
    top1,
)
from sau.metrics.calibration_interval import calibration_error_interval
from sau.metrics.classification import mean_over_classes
from sau.storage.manifest.schemas import FIGURES

LEVEL = 0.95
RESAMPLES = 999
"""Of the images, with replacement, for each interval."""


@dataclasses.dataclass(frozen=True)
class Answers:
    """N images that could be read.

    `labels` and `predicted`: int64 (N,), 0 to C - 1; `confidence` and `label_probability`: float
    (N,), the probabilities of the predicted and of the true class.
    """

    labels: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    label_probability: npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure, and between what 95 % of its values lie if images are drawn anew.

    In percent; NLL is in nats.
    """

    value: float
    low: float
    high: float

    def to_mapping(self) -> dict[str, Any]:
        """Return it as JSON values, four digits behind the point."""
        low, high = round(self.low, 4), round(self.high, 4)
        return {"value": round(self.value, 4), "interval_95": [low, high]}


@dataclasses.dataclass(frozen=True)
class Figures:
    """All of them, and those of each class.

    `overall`: by name; `images`, `recall` and `f1`: (C,), not a number for a class without images;
    `confusion`: int64 (C, C), true classes in rows.
    """

    overall: dict[str, Figure]
    images: npt.NDArray[np.int64]
    recall: npt.NDArray[np.float64]
    f1: npt.NDArray[np.float64]
    confusion: npt.NDArray[np.int64]


def measure(answers: Answers, classes: int) -> Figures:
    """Return what answers are worth.

    Args:
        answers: at least one.
        classes: C.
    """
    labels, predicted, confidence = answers.labels, answers.predicted, answers.confidence
    pair = labels, predicted
    drawn: dict[str, tuple[Callable[..., float], tuple[npt.NDArray[Any], ...]]] = {
        "top1": (top1, pair),
        "balanced_accuracy": (balanced_accuracy, pair),
        "macro_f1": (_macro_f1, pair),
        "aurc": (area_under_risk_coverage, (*pair, confidence)),
        "nll": (negative_log_likelihood, (answers.label_probability,)),
    }
    overall = {name: _with_interval(name, *figure) for name, figure in drawn.items()}
    bounds = calibration_error_interval(*pair, confidence, level=LEVEL, resamples=RESAMPLES)
    overall["ece"] = Figure(expected_calibration_error(*pair, confidence), *bounds)
    overall = {name: overall[name] for name in FIGURES}
    confusion = confusion_matrix(labels, predicted, classes)
    images = confusion.sum(axis=1)
    return Figures(
        overall,
        images,
        per_class_recall(labels, predicted, classes),
        np.where(images > 0, per_class_f1(labels, predicted, classes), np.nan),
        confusion,
    )


def _macro_f1(labels: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64]) -> float:
    """Return the mean F1 of the classes that have images; what is taken for others lowers it."""
    there = np.unique(labels)
    return mean_over_classes(per_class_f1(labels, predicted)[there])


def _with_interval(
    name: str, figure: Callable[..., float], columns: tuple[npt.NDArray[Any], ...]
) -> Figure:
    """Return a figure of the images with its percentile bootstrap interval.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), section 13.3.
    """
    places = np.arange(len(columns[0]))
    value = figure(*columns)
    if len(places) < 2:
        return Figure(value, value, value)
    found = stats.bootstrap(
        [places],
        lambda drawn: figure(*(column[drawn] for column in columns)),
        vectorized=False,
        method="percentile",
        confidence_level=LEVEL,
        n_resamples=RESAMPLES,
        rng=numpy_generator("evaluate", name),
    )
    interval = found.confidence_interval
    return Figure(value, float(interval.low), float(interval.high))
