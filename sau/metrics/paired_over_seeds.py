"""The difference between two methods over seeds, where their predictions are not at hand."""

import math
from collections.abc import Sequence

import numpy as np

from sau.core.errors import ArgumentError
from sau.metrics.difference import Difference


def paired_over_seeds(
    figures: Sequence[float], baseline: Sequence[float], *, level: float = 0.95
) -> Difference:
    """Return the mean difference of two methods' figures with the interval of a paired t-test.

    The test images are taken as they are: the interval says nothing of what others would show.

    Args:
        figures: of one method, in percent, (S,), one for each seed.
        baseline: of the other, likewise, of the same seeds in the same order.
        level: share of such intervals that hold the true difference, between 0 and 1.

    Raises:
        ValueError: other lengths, no seed, or a level outside 0 to 1.

    Source: Student, "The Probable Error of a Mean" (Biometrika 1908).
    """
    gains = np.asarray(figures, dtype=np.float64) - check_pair(figures, baseline, level)
    seeds = len(gains)
    if seeds == 1:
        return Difference(float(gains[0]), math.nan, math.nan, 1)
    half = student(level, seeds) * gains.std(ddof=1) / math.sqrt(seeds)
    mean = float(gains.mean())
    return Difference(mean, mean - half, mean + half, seeds)


def student(level: float, seeds: int) -> float:
    """Return Student's t of `seeds` - 1 degrees of freedom that bounds a two-sided interval."""
    from scipy.special import stdtrit  # slow to import, and only intervals need it

    return float(stdtrit(seeds - 1, (1 + level) / 2))


def check_pair(
    figures: Sequence[float], baseline: Sequence[float], level: float
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return the baseline as an array; refuse what cannot be paired."""
    if not 0 < level < 1:
        raise ArgumentError(f"level: {level}, expected between 0 and 1")
    if len(baseline) != len(figures):
        raise ArgumentError(
            f"baseline: {len(baseline)} seeds, expected {len(figures)} as of the figures"
        )
    if not len(figures):
        raise ArgumentError("figures: no seed, expected at least one")
    return np.array(baseline, dtype=np.float64)
