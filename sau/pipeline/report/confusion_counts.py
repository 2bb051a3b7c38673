"""How often each class is taken for each: the pairs that occur, or shares in blocks of classes."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sau.core.errors import UserError
from sau.pipeline.report.runs import Run

Counts = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float64]

MOST_CELLS = 1000
"""Of a side of a matrix that is drawn; more than a figure has pixels."""


@dataclasses.dataclass(frozen=True)
class PairCounts:
    """The pairs of classes that occur, by the true class, then by the predicted one.

    Of ten thousand classes there are a hundred million pairs, but no more occur than test images.

    Attributes:
        true: label of the true class, shape (pairs,).
        predicted: label of the predicted class, shape (pairs,).
        count: test images, shape (pairs,), at least 1.
    """

    true: Counts
    predicted: Counts
    count: Counts


def pair_counts(runs: Sequence[Run], classes: int) -> dict[str, PairCounts]:
    """Count the last epoch's predictions, summed over seeds.

    Args:
        runs: of one imbalance factor.
        classes: number of classes.

    Returns: by row label, in order of appearance.

    Raises:
        UserError: a label outside 0 to `classes` - 1.
    """
    codes: dict[str, list[Counts]] = {}
    for run in runs:
        rows = run.predictions[run.predictions["selection"] == "last"]
        true, predicted = (rows[name].to_numpy(np.int64) for name in ("label", "predicted"))
        if (
            len(rows)
            and not 0
            <= min(true.min(), predicted.min())
            <= max(true.max(), predicted.max())
            < classes
        ):
            raise UserError(
                f"--predictions: run {run.record.run!r} has a label outside 0 to {classes - 1}; "
                "give the predictions of one data set"
            )
        codes.setdefault(run.record.label, []).append(true * classes + predicted)
    counts = {}
    for label, parts in codes.items():
        code, count = np.unique(np.concatenate(parts), return_counts=True)
        counts[label] = PairCounts(code // classes, code % classes, count.astype(np.int64))
    return counts


def block_size(classes: int, most_cells: int = MOST_CELLS) -> int:
    """Return how many neighbouring classes make a cell, so that a side has few enough."""
    return -(-classes // most_cells)


def shares_in_blocks(pairs: PairCounts, classes: int, block: int) -> Matrix:
    """Return the shares of each true class, or block of classes, by the predicted one.

    Args:
        pairs: what `pair_counts` returns of a row.
        classes: number of classes.
        block: neighbouring classes that make a cell.

    Returns: (cells, cells) in [0, 1], rows are true classes; a row of zeros for a class without
        test images.
    """
    cells = -(-classes // block)
    places = (pairs.true // block) * cells + pairs.predicted // block
    matrix = np.bincount(places, weights=pairs.count, minlength=cells**2).reshape(cells, cells)
    shares: Matrix = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return shares
