"""Figure: accuracy of each class against how many real images it had."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from sau.pipeline.report.figures import INK, Style, legend, shown
from sau.pipeline.report.formats import number

LINES_UP_TO = 20
"""With more classes than this, points stand without lines between them."""


DESCRIPTION = "top-1 of each class against its real training images"


def per_class(
    classes: pd.DataFrame, styles: Mapping[str, Style], *, many_above: int, few_at_most: int
) -> Figure:
    """Draw top-1 of each class against its real training images, mean over seeds.

    Args:
        classes: what `tables.class_summary` returns.
        styles: by row label.
        many_above: bound between medium- and many-shot, in images.
        few_at_most: bound between few- and medium-shot, in images.
    """
    figure = Figure(figsize=(8.0, 3.6))
    axes = figure.subplots()
    lines = classes["label"].nunique() <= LINES_UP_TO
    for name, rows in classes.groupby("run", sort=False):
        style = styles[str(name)]
        ordered = rows.sort_values(["train_real", "label"])
        axes.errorbar(
            np.maximum(ordered["train_real"], 0.5),  # a class of no image has a place on a log axis
            ordered["mean"],
            yerr=ordered["std"].fillna(0) if lines else None,
            label=shown(str(name)),
            color=style.colour,
            marker=style.marker,
            linestyle="-" if lines else "none",
            alpha=0.85,
            elinewidth=0.9,
            capsize=2,
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(lambda value, _: number(value))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("real training images of the class (log scale)")
    axes.set_ylabel("top-1 of the class, %")
    axes.set_ylim(-3, 103)
    axes.grid(axis="y")
    _mark_bounds(axes, many_above=many_above, few_at_most=few_at_most)
    legend(figure, axes)
    return figure


def _mark_bounds(axes: Axes, *, many_above: int, few_at_most: int) -> None:
    """Draw the bounds of the splits, where they lie inside the axes."""
    low, high = axes.get_xlim()
    for bound, left, right in (
        (few_at_most + 0.5, "few", "medium"),
        (many_above + 0.5, "medium", "many"),
    ):
        if low < bound < high:
            axes.axvline(bound, color=INK, alpha=0.35, linewidth=0.8, linestyle=":")
            for text, side, offset in ((left, "right", -3), (right, "left", 3)):
                axes.annotate(
                    text,
                    (bound, 1.0),  # above the frame, where no class has its point
                    xycoords=("data", "axes fraction"),
                    xytext=(offset, 3),
                    textcoords="offset points",
                    ha=side,
                    fontsize="small",
                    alpha=0.7,
                )
