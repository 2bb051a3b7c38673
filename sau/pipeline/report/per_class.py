"""Figure: accuracy of each class against how many real images it had."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from sau.pipeline.report.figures import INK, WIDE, Style, legend, shown
from sau.pipeline.report.formats import number

LINES_UP_TO = 20
"""With more classes than this, points stand without lines between them."""


DESCRIPTION = "top-1 of each class against its real training images"


def per_class(
    classes: pd.DataFrame,
    styles: Mapping[str, Style],
    width: float = WIDE,
    *,
    many_above: int,
    few_at_most: int,
) -> Figure:
    """Draw top-1 of each class against its real training images, mean over seeds.

    Args:
        classes: what `tables.class_summary` returns.
        styles: by row label.
        width: of the figure, in inches.
        many_above: bound between medium- and many-shot, in images.
        few_at_most: bound between few- and medium-shot, in images.
    """
    figure = Figure(figsize=(width, 3.6 if width >= WIDE else 3.2))
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
    """Draw the bounds of the splits, where they lie inside the axes, and name what they divide."""
    low, high = axes.get_xlim()
    few, many = few_at_most + 0.5, many_above + 0.5
    for bound in (few, many):
        if low < bound < high:
            axes.axvline(bound, color=INK, alpha=0.35, linewidth=0.8, linestyle=":")
    is_few, is_many = low < few < high, low < many < high
    if is_few:
        _name(axes, "few", few, "right")
    if is_many:
        _name(axes, "many", many, "left")
    if is_few and is_many:  # once: two would not fit between bounds of a narrow figure
        _name(axes, "medium", math.sqrt(few * many), "center")
    elif is_few or is_many:
        _name(axes, "medium", few if is_few else many, "left" if is_few else "right")


def _name(axes: Axes, text: str, place: float, side: str) -> None:
    """Write above the frame, where no class has its point."""
    axes.annotate(
        text,
        (place, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=({"left": 3, "center": 0, "right": -3}[side], 3),
        textcoords="offset points",
        ha=side,
        fontsize="small",
        alpha=0.7,
    )
