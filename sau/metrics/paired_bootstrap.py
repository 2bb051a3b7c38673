"""The difference between two methods, over other seeds and other test images than those at hand."""

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from sau.core.errors import ArgumentError
from sau.core.random_streams import numpy_generator
from sau.metrics.difference import Difference
from sau.metrics.paired_over_seeds import student

Correct = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


def paired_bootstrap(
    correct: Correct,
    baseline: Correct,
    *,
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Difference:
    """Return the difference of two methods' top-1 with a bootstrap interval.

    With d(s, i) = +1 where only the first method finds the class of test image i with seed s, -1
    where only the second does, else 0, the difference is the mean of d over S seeds and N images.
    Both methods have the same seeds and images, so what is hard for both cancels out.

    Each resample draws N images and S seeds with replacement. It moves the difference by how far
    the drawn images' mean of d over all seeds is off, and by how far the drawn seeds' mean over all
    images is off. A few seeds differ less among themselves than all seeds would: the latter is
    widened by sqrt(S / (S - 1)) t / z, with Student's t of S - 1 degrees of freedom and the normal
    z at this level, which makes the interval about as wide as that of a paired t-test where images
    do not matter. Of a single seed only the images are drawn.

    Args:
        correct: whether the first method was right, bool (S, N), seeds by test images.
        baseline: the second method, of the same seeds and images in the same order.
        level: share of such intervals that hold the true difference, between 0 and 1.
        resamples: how often seeds and images are drawn.
        seed: of the draws.

    Raises:
        ValueError: other shapes, no image, or a level outside 0 to 1.

    Source: the percentile interval of Efron and Tibshirani, "An Introduction to the Bootstrap"
    (1993), chapter 13; two crossed factors: Owen, "The Pigeonhole Bootstrap" (Annals of Applied
    Statistics 2007), of which this adds up the parts, as what belongs to a single seed and image
    together would count three times there.
    """
    gains = _gains(correct, baseline)
    if not 0 < level < 1:
        raise ArgumentError(f"level: {level}, expected between 0 and 1")
    random = numpy_generator("paired bootstrap", seed)
    of_images = _drawn_images(random, gains.sum(axis=0), resamples) / len(gains)
    drawn = of_images + _drawn_seeds(random, gains.mean(axis=1), resamples, level)
    low, high = np.quantile(100 * drawn, [(1 - level) / 2, (1 + level) / 2])
    return Difference(100 * float(gains.mean()), float(low), float(high), *gains.shape)


def _gains(correct: Correct, baseline: Correct) -> npt.NDArray[np.int64]:
    """Return d, int64 (S, N)."""
    first, second = np.asarray(correct), np.asarray(baseline)
    if first.ndim != 2 or not first.size:
        raise ArgumentError(f"correct: shape {first.shape}, expected (S, N), both at least 1")
    if second.shape != first.shape:
        raise ArgumentError(f"baseline: shape {second.shape}, expected {first.shape} as of correct")
    return first.astype(np.int64) - second.astype(np.int64)


def _drawn_images(
    random: np.random.Generator, gains: npt.NDArray[np.int64], resamples: int
) -> Values:
    """Return the mean of N values (N,) over N that are drawn from them, for each resample (R,).

    There are few different values, so how often each is drawn follows one multinomial distribution.
    """
    values, counts = np.unique(gains, return_counts=True)
    often = random.multinomial(len(gains), counts / len(gains), size=resamples)
    return often @ (values / len(gains))


def _drawn_seeds(
    random: np.random.Generator, gains: Values, resamples: int, level: float
) -> Values:
    """Return how far the mean of S values (S,) over drawn ones is off, widened, for each (R,)."""
    seeds = len(gains)
    if seeds == 1:
        return np.zeros(resamples)
    normal = NormalDist().inv_cdf((1 + level) / 2)
    widened = math.sqrt(seeds / (seeds - 1)) * student(level, seeds) / normal
    often = random.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples)
    off: Values = often @ (gains - gains.mean()) / seeds
    return widened * off
