"""Figure: which classes are taken for which."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sau.pipeline.report.confusion_counts import (
    MOST_CELLS,
    Matrix,
    block_size,
    pair_counts,
    shares_in_blocks,
)
from sau.pipeline.report.figures import WIDE, Drawing, drawing_of, percent_bar
from sau.pipeline.report.runs import Run

NAMES_UP_TO = 20
NUMBERS_UP_TO = 10
_COLUMNS = 3


def confusion_matrices(
    runs: Sequence[Run], classes: int, most_cells: int = MOST_CELLS
) -> dict[str, Matrix]:
    """Return which share of each true class is taken for each class.

    Args:
        runs: of one imbalance factor.
        classes: number of classes.
        most_cells: with more classes than this, each cell is a block of neighbouring ones.

    Returns: by row label, (cells, cells) in [0, 1]; a row of zeros for a class without test
    images.
    """
    block = block_size(classes, most_cells)
    return {
        label: shares_in_blocks(pairs, classes, block)
        for label, pairs in pair_counts(runs, classes).items()
    }


def confusion(matrices: Mapping[str, Matrix], class_names: Sequence[str]) -> Drawing:
    """Draw one matrix per method, in percent of the true class.

    Args:
        matrices: what `confusion_matrices` returns.
        class_names: in label order.
    """
    description = "confusion matrix of each method"
    return drawing_of(lambda width: _matrices(matrices, class_names, width), description)


def _matrices(matrices: Mapping[str, Matrix], class_names: Sequence[str], width: float) -> Figure:
    """Draw the matrices beside each other, in a narrow figure below each other."""
    columns = min(len(matrices), _COLUMNS if width >= WIDE else 1)
    rows = -(-len(matrices) // columns)
    size = (3.6 * columns + 0.6, 3.5 * rows) if width >= WIDE else (width, 3.5 * rows + 0.6)
    figure = Figure(figsize=size)
    beside = width >= WIDE
    panels = figure.subplots(rows, columns, squeeze=False, sharex=beside, sharey=beside).ravel()
    for axes, (label, matrix) in zip(panels, matrices.items(), strict=False):
        image = axes.imshow(
            matrix,
            cmap="Blues",
            vmin=0,
            vmax=1,
            interpolation="none",
            extent=_extent(len(matrix), len(class_names)),
        )
        axes.set_title(label)
        _label_axes(axes, class_names)
        if len(class_names) <= NUMBERS_UP_TO:
            _write_numbers(axes, matrix)
    for axes in panels[len(matrices) :]:
        axes.set_visible(False)
    for axes in panels[::columns]:
        axes.set_ylabel("true class")
    figure.supxlabel("predicted class", fontsize="medium")
    percent_bar(figure, image, panels.tolist(), width, shrink=0.8)
    return figure


def _extent(cells: int, classes: int) -> tuple[float, float, float, float] | None:
    """Return where a matrix of blocks lies among the classes; None: each class has its cell."""
    end = classes - 0.5
    return None if cells == classes else (-0.5, end, end, -0.5)


def _label_axes(axes: Axes, class_names: Sequence[str]) -> None:
    if len(class_names) <= NAMES_UP_TO:
        short = [name if len(name) <= 14 else f"{name[:13]}…" for name in class_names]
        turn = 90 if max(map(len, short)) > 2 else 0
        axes.set_xticks(range(len(short)), short, rotation=turn, fontsize="small")
        axes.set_yticks(range(len(short)), short, fontsize="small")
        axes.tick_params(length=0)


def _write_numbers(axes: Axes, matrix: Matrix) -> None:
    """Write each share that rounds to at least one percent into its cell."""
    for (row, column), share in np.ndenumerate(matrix):
        if share >= 0.005:
            colour = "#ffffff" if share > 0.5 else "#0b2545"
            text = f"{100 * share:.0f}"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=7)
