"""Whether a classifier knows when it is right: calibration error, risk and coverage, likelihood."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
import numpy.typing as npt

from sau.core.errors import ArgumentError
from sau.metrics.classes import Classes, as_pair

if TYPE_CHECKING:
    from torch import Tensor

Probabilities: TypeAlias = Union[npt.NDArray[Any], Sequence[float], "Tensor"]
"""A number from 0 to 1 for each of N images; tensors may be on any device."""

BINS = 15
"""Of Guo et al.; more make an error out of every class's chance."""

_ROUNDING = 0.01
"""By which a probability may exceed 1: networks compute in bfloat16."""

_LEAST = float(np.finfo(np.float32).tiny)
"""What a float32 softmax rounds to zero counts as, so that one image's logarithm stays finite."""


def expected_calibration_error(
    labels: Classes, predicted: Classes, confidence: Probabilities, *, bins: int = BINS
) -> float:
    """Return by how much confidence and accuracy differ, mean over bins of confidence, in percent.

    ECE = sum over bins b of n_b / N * |accuracy of b - mean confidence of b|, where bin b holds
    the images of confidence above (b - 1) / B and at most b / B.

    Args:
        labels: true classes, integers (N,), N at least 1.
        predicted: likewise, of the same images.
        confidence: probability of the predicted class, (N,), 0 to 1.
        bins: B, all of the same width.

    Returns: 0 to 100, less is better.

    Raises:
        ValueError: other shapes, no image, or a value outside 0 to 1.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), equation 3.
    """
    correct, confidence = judged(labels, predicted, confidence)
    if bins < 1:
        raise ArgumentError(f"bins: {bins}, expected at least 1")
    gaps = np.bincount(
        place_in_bins(confidence, bins), weights=correct - confidence, minlength=bins
    )
    return float(100 * np.abs(gaps).sum() / len(correct))


def area_under_risk_coverage(
    labels: Classes, predicted: Classes, confidence: Probabilities
) -> float:
    """Return the error rate of the n most confident images, mean over n from 1 to N, in percent.

    It is low where the errors are those images of which the classifier is least sure. Images of
    the same confidence count as if their order were drawn, so that it does not depend on theirs.

    Args:
        labels: true classes, integers (N,), N at least 1.
        predicted: likewise, of the same images.
        confidence: probability of the predicted class, (N,), 0 to 1.

    Returns: 0 to 100, less is better.

    Raises:
        ValueError: other shapes, no image, or a value outside 0 to 1.

    Source: AURC of Geifman, Uziel and El-Yaniv, "Bias-Reduced Uncertainty Estimation for Deep
    Neural Classifiers" (ICLR 2019), section 2.
    """
    correct, confidence = judged(labels, predicted, confidence)
    _, level, size = np.unique(-confidence, return_inverse=True, return_counts=True)
    errors = np.bincount(level, weights=~correct) / size  # from the highest confidence down
    expected = np.repeat(errors, size)
    risk = np.cumsum(expected) / np.arange(1, len(expected) + 1)
    return float(100 * risk.mean())


def negative_log_likelihood(label_probability: Probabilities) -> float:
    """Return the mean of -ln p over images, in nats.

    Args:
        label_probability: p, what the classifier gives the true class, (N,), 0 to 1; less than
            1.2e-38, the least normal float32, counts as that.

    Returns: 0 or more, less is better; ln C for a classifier that only guesses among C classes.

    Raises:
        ValueError: another shape, no image, or a value outside 0 to 1.
    """
    given = as_probabilities(label_probability, "label_probability")
    if not len(given):
        raise ArgumentError("label_probability: no image, expected at least one")
    return float(-np.log(np.maximum(given, _LEAST)).mean())


def as_probabilities(values: Probabilities, argument: str) -> npt.NDArray[np.float64]:
    """Return probabilities of images as float64 (N,), at most 1.

    Args:
        values: numbers (N,), 0 to 1; what rounding puts above 1 becomes 1.
        argument: what the caller calls them.

    Raises:
        ArgumentError: another shape or dtype, or a value outside the range.
    """
    found = np.asarray(values if isinstance(values, Sequence | np.ndarray) else _doubles(values))
    if found.ndim != 1:
        raise ArgumentError(f"{argument}: shape {found.shape}, expected (N,)")
    if found.size and found.dtype.kind not in "fiu":
        raise ArgumentError(f"{argument}: dtype {found.dtype}, expected numbers")
    found = found.astype(np.float64)
    if not np.all((found >= 0) & (found <= 1 + _ROUNDING)):
        raise ArgumentError(f"{argument}: from {found.min()} to {found.max()}, expected 0 to 1")
    return found.clip(max=1.0)


def _doubles(values: "Tensor") -> npt.NDArray[np.float64]:
    """Return a tensor as an array, from a GPU too; NumPy has no bfloat16."""
    return np.asarray(values.detach().double().cpu(), dtype=np.float64)


def place_in_bins(confidence: npt.NDArray[np.float64], bins: int) -> npt.NDArray[np.int64]:
    """Return the bin of each confidence, (N,), 0 to `bins` - 1; its upper bound belongs to it."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def judged(
    labels: Classes, predicted: Classes, confidence: Probabilities
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Return whether each image's class was found, bool (N,), and its confidence, float64 (N,)."""
    true, found = as_pair(labels, predicted)
    given = as_probabilities(confidence, "confidence")
    if given.shape != true.shape:
        raise ArgumentError(f"confidence: shape {given.shape}, expected {true.shape} as of labels")
    return true == found, given
