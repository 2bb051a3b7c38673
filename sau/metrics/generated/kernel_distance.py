"""The kernel distance of two samples of features (KID)."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sau.metrics.generated.samples import Features, checked_features

Values = npt.NDArray[np.float64]

_ROWS = 1024
"""Of a kernel matrix that are in memory at once."""


class KernelDistance(NamedTuple):
    """A distance, 0 in the mean over samples of one distribution, and its standard error."""

    value: float
    standard_error: float


def kernel_distance(generated: Features, real: Features) -> KernelDistance:
    """Return the squared maximum mean discrepancy of two samples, with its standard error.

    With k(x, y) = (x . y / D + 1)^3,

    MMD^2 = mean over i != j of k(x_i, x_j) + mean over i != j of k(y_i, y_j)
            - 2 mean over i, j of k(x_i, y_j).

    The mean over all pairs of different images has no bias, whatever the sizes, so that it can be
    compared between samples of other sizes, and may fall below 0. The standard error is that of the
    jackknife: each image is left out in its turn.

    Args:
        generated: x, features (M, D), M at least 3; all of one network.
        real: y, (N, D), N at least 3.

    Raises:
        ValueError: other shapes, too few images, or numbers that are not finite.

    Source: KID of Binkowski, Sutherland, Arbel and Gretton, "Demystifying MMD GANs" (ICLR 2018),
    section 4; the estimator is equation 4 of its appendix. Jackknife of two samples: Arvesen,
    "Jackknifing U-Statistics" (Annals of Mathematical Statistics 1969).
    """
    x, y = checked_features(generated, real, 3)
    within_x, within_y = _sums(x, x, own=True), _sums(y, y, own=True)
    across_x, across_y = _sums(x, y), _sums(y, x)
    m, n = len(x), len(y)
    mean_x, mean_y = within_x.sum() / (m * (m - 1)), within_y.sum() / (n * (n - 1))
    across = across_x.sum() / (m * n)
    variance = _jackknife(within_x, across_x, n, mean_y) + _jackknife(within_y, across_y, m, mean_x)
    return KernelDistance(float(mean_x + mean_y - 2 * across), float(np.sqrt(variance)))


def _sums(x: Values, y: Values, *, own: bool = False) -> Values:
    """Return, for each of x, the sum of its kernels with all of y, (M,); not with its own self."""
    width = x.shape[1]
    sums = np.concatenate(
        [
            ((x[at : at + _ROWS] @ y.T / width + 1) ** 3).sum(axis=1)
            for at in range(0, len(x), _ROWS)
        ]
    )
    return sums - ((x * x).sum(axis=1) / width + 1) ** 3 if own else sums


def _jackknife(within: Values, across: Values, others: int, mean_of_others: float) -> float:
    """Return the variance that the choice of one sample's images brings in."""
    count = len(within)
    left_within = (within.sum() - 2 * within) / ((count - 1) * (count - 2))
    left_across = (across.sum() - across) / ((count - 1) * others)
    without = left_within + mean_of_others - 2 * left_across
    return float((count - 1) / count * ((without - without.mean()) ** 2).sum())
