"""Figure: accuracy against the imbalance factor, or row by row where there is only one."""

import textwrap
from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from sau.pipeline.report.figures import WIDE, Style, legend, shown
from sau.pipeline.report.formats import number

_LETTERS = 16
"""In a line of a row's label in a narrow figure."""

TOP1 = "top-1, all classes, last epoch, %"


def by_factor(table: pd.DataFrame, styles: Mapping[str, Style], width: float = WIDE) -> Figure:
    """Draw top-1 over all classes at the last epoch against the imbalance factor.

    Mean over seeds, bars of one standard deviation, log scale. At a single factor the rows stand
    below each other instead. To be called inside `look()`. Without a run the figure says so.

    Args:
        table: what `tables.summary` returns.
        styles: by row label.
        width: of the figure, in inches.
    """
    last = table[table["selection"] == "last"]
    if last["imbalance_factor"].nunique() == 1:
        return _row_by_row(last, styles, width)
    figure = Figure(figsize=(width, 3.8 if width >= WIDE else 3.2))
    axes = figure.subplots()
    if last.empty:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no runs yet", ha="center", va="center", transform=axes.transAxes)
        return figure
    for name, rows in last.groupby("label", sort=False):
        style, line = styles[str(name)], rows.sort_values("imbalance_factor")
        axes.errorbar(
            line["imbalance_factor"],
            line["all_mean"],
            yerr=line["all_std"].fillna(0),
            label=shown(str(name)),
            color=style.colour,
            marker=style.marker,
            capsize=3,
            elinewidth=1.0,
        )
    factors = sorted(set(last["imbalance_factor"]))
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(factors, [number(factor) for factor in factors])
    axes.set_xlim(factors[0] / 1.2, factors[-1] * 1.2)
    axes.set_xlabel("imbalance factor (log scale)")
    axes.set_ylabel(TOP1)
    axes.grid(axis="y")
    legend(figure, axes)
    return figure


def _row_by_row(last: pd.DataFrame, styles: Mapping[str, Style], width: float) -> Figure:
    """Draw the rows of one imbalance factor, the first at the top, each with its number."""
    labels = [_folded(str(label), width) for label in last["label"]]
    lines = sum(label.count("\n") + 1 for label in labels)
    figure = Figure(figsize=(width, 0.9 + 0.26 * len(labels) + 0.15 * (lines - len(labels))))
    axes = figure.subplots()
    for place, row in enumerate(last.to_dict("records")):
        style = styles[str(row["label"])]
        deviation = 0 if pd.isna(row["all_std"]) else row["all_std"]
        axes.errorbar(
            row["all_mean"],
            place,
            xerr=deviation,
            color=style.colour,
            marker=style.marker,
            capsize=3,
            elinewidth=1.0,
        )
        axes.annotate(
            f"{row['all_mean']:.2f}",
            (row["all_mean"] + deviation, place),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
        )
    axes.set_yticks(range(len(last)), labels)
    axes.set_ylim(len(last) - 0.5, -0.5)
    axes.margins(x=0.1)
    words = f"{TOP1}, imbalance factor {number(last['imbalance_factor'].iloc[0])}"
    axes.set_xlabel(words if width >= WIDE else words.replace("%, ", "%,\n"))
    axes.grid(axis="both")
    return figure


def _folded(label: str, width: float) -> str:
    """Return a label that leaves room for the axes beside it."""
    return label if width >= WIDE else "\n".join(textwrap.wrap(label, _LETTERS) or [label])
