"""Precision, recall, density and coverage: in whose neighbourhoods the images lie."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sau.core.errors import ArgumentError
from sau.metrics.generated.samples import Features, checked_features

Values = npt.NDArray[np.float64]

NEIGHBOURS = 5
"""k of Naeem et al.; Kynkaanniemi et al. take 3."""

_ROWS = 1024
_ROUNDING = 1e-12
"""Of a squared distance, by the squared lengths that it comes from: a neighbour at exactly the
radius is within it, on every processor."""


class ManifoldFigures(NamedTuple):
    """What the neighbourhoods say.

    Attributes:
        precision: percent of the generated images that lie among real ones.
        recall: percent of the real images that lie among generated ones.
        density: how many real neighbourhoods a generated image lies in, over k; 1 in the mean where
            both are of one distribution, and more where the generated ones crowd in the middle.
        coverage: percent of the real images that have a generated one in their neighbourhood.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifold_figures(
    generated: Features, real: Features, *, neighbours: int = NEIGHBOURS
) -> ManifoldFigures:
    """Return precision, recall, density and coverage of generated images y against real ones x.

    B(z) is the ball around image z whose radius is the distance to its k-th nearest neighbour in
    its own sample, itself not counted. With M generated and N real images,

    precision = 1/M |{j: y_j in some B(x_i)}|        recall = 1/N |{i: x_i in some B(y_j)}|
    density = 1/(kM) |{(i, j): y_j in B(x_i)}|       coverage = 1/N |{i: some y_j in B(x_i)}|

    Args:
        generated: features (M, D) of one network, M more than k.
        real: (N, D), N more than k.
        neighbours: k, at least 1.

    Raises:
        ValueError: other shapes, too few images, or numbers that are not finite.

    Source: Kynkaanniemi et al., "Improved Precision and Recall Metric for Assessing Generative
    Models" (NeurIPS 2019), equations 1 and 2; Naeem et al., "Reliable Fidelity and Diversity
    Metrics for Generative Models" (ICML 2020), equations 3 and 4.
    """
    if neighbours < 1:
        raise ArgumentError(f"neighbours: {neighbours}, expected at least 1")
    y, x = checked_features(generated, real, neighbours + 1)
    around_real, around_generated = _radii(x, neighbours), _radii(y, neighbours)
    in_real = np.zeros(len(y), dtype=np.int64)
    covered = np.zeros(len(x), dtype=bool)
    recalled = np.zeros(len(x), dtype=bool)
    for start in range(0, len(x), _ROWS):
        rows = slice(start, start + _ROWS)
        squared, error = _squared(x[rows], y)
        inside = squared <= around_real[rows, None] + error
        in_real += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        recalled[rows] = (squared <= around_generated[None] + error).any(axis=1)
    return ManifoldFigures(
        precision=float(100 * (in_real > 0).mean()),
        recall=float(100 * recalled.mean()),
        density=float(in_real.mean() / neighbours),
        coverage=float(100 * covered.mean()),
    )


def expected_coverage(generated: int, real: int, *, neighbours: int = NEIGHBOURS) -> float:
    """Return the coverage, in percent, that generated images of the real distribution would have.

    Of the N - 1 + M other images the k nearest ones to a real image are all real with probability
    (N - 1)/(N + M - 1) ... (N - k)/(N + M - k); otherwise it is covered.

    Args:
        generated: M.
        real: N, more than k.
        neighbours: k.

    Source: Naeem et al. (ICML 2020), section 3.3, there for M = N.
    """
    places = np.arange(1, neighbours + 1)
    return float(100 * (1 - np.prod((real - places) / (real + generated - places))))


def _radii(features: Values, neighbours: int) -> Values:
    """Return the squared distance of each image to its k-th nearest neighbour, (N,)."""
    radii = np.empty(len(features))
    for start in range(0, len(features), _ROWS):
        rows = slice(start, start + _ROWS)
        squared, _ = _squared(features[rows], features)
        own = np.arange(len(squared))
        squared[own, start + own] = np.inf
        radii[rows] = np.partition(squared, neighbours - 1, axis=1)[:, neighbours - 1]
    return radii


def _squared(x: Values, y: Values) -> tuple[Values, Values]:
    """Return squared distances (rows of x, rows of y), and by how much rounding may move them."""
    lengths = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1)[None]
    return np.maximum(lengths - 2 * (x @ y.T), 0), _ROUNDING * lengths
