"""Between what bounds the calibration error of a classifier lies, by the images at hand."""

import numpy as np
import numpy.typing as npt

from sau.core.errors import ArgumentError
from sau.core.random_streams import numpy_generator
from sau.metrics.calibration import (
    BINS,
    Probabilities,
    expected_calibration_error,
    judged,
    place_in_bins,
)
from sau.metrics.classes import Classes


def calibration_error_interval(
    labels: Classes,
    predicted: Classes,
    confidence: Probabilities,
    *,
    level: float = 0.95,
    resamples: int = 999,
    seed: int = 0,
    bins: int = BINS,
) -> tuple[float, float]:
    """Return bounds of the expected calibration error, in percent.

    Few images in a bin make an error of every class's chance: a network that is calibrated has an
    ECE above 0, and images that are drawn from these again have it once more. The percentiles of
    such draws lie above the truth, so they are reflected at the figure; and the lower bound is 0
    where a calibrated network would often have as large an error on as many images.

    Args:
        labels: true classes, integers (N,), N at least 1.
        predicted: likewise, of the same images.
        confidence: probability of the predicted class, (N,), 0 to 1.
        level: share of such intervals that hold the error of all images, between 0 and 1.
        resamples: how often images, and answers of a calibrated network, are drawn.
        seed: of the draws.
        bins: of `expected_calibration_error`.

    Returns: two figures with that of these images between them.

    Raises:
        ValueError: what `expected_calibration_error` refuses, or a level outside 0 to 1.

    Source: the basic bootstrap of Davison and Hinkley, "Bootstrap Methods and their Application"
    (1997), section 5.2; consistency resampling of Bröcker and Smith, "Increasing the Reliability of
    Reliability Diagrams" (Weather and Forecasting 2007).
    """
    if not 0 < level < 1:
        raise ArgumentError(f"level: {level}, expected between 0 and 1")
    found = expected_calibration_error(labels, predicted, confidence, bins=bins)
    correct, given = judged(labels, predicted, confidence)
    places = place_in_bins(given, bins)
    random = numpy_generator("calibration error", seed)
    of_images, of_calibrated = np.empty((2, resamples))
    for draw in range(resamples):
        images = random.integers(0, len(given), len(given))
        of_images[draw] = _error(places[images], (correct - given)[images], bins)
        answers = random.random(len(given)) < given
        of_calibrated[draw] = _error(places, answers - given, bins)
    low, high = np.quantile(of_images, [(1 - level) / 2, (1 + level) / 2])
    is_calibrated = found <= np.quantile(of_calibrated, level)
    return (
        0.0 if is_calibrated else float(np.clip(2 * found - high, 0, found)),
        float(np.clip(2 * found - low, found, 100)),
    )


def _error(places: npt.NDArray[np.int64], gaps: npt.NDArray[np.float64], bins: int) -> float:
    return float(100 * np.abs(np.bincount(places, weights=gaps, minlength=bins)).sum() / len(gaps))
