"""Figure: accuracy against the imbalance factor, or row by row where there is only one."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from sau.pipeline.report.figures import Style, legend, shown
from sau.pipeline.report.formats import number

TOP1 = "top-1, all classes, last epoch, %"


def by_factor(table: pd.DataFrame, styles: Mapping[str, Style]) -> Figure:
    """Draw top-1 over all classes at the last epoch against the imbalance factor.

    Mean over seeds, bars of one standard deviation, log scale. At a single factor the rows stand
    below each other instead. To be called inside `look()`. Without a run the figure says so.

    Args:
        table: what `tables.summary` returns.
        styles: by row label.
    """
    last = table[table["selection"] == "last"]
    if last["imbalance_factor"].nunique() == 1:
        return _row_by_row(last, styles)
    figure = Figure(figsize=(8.0, 3.8))
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


def _row_by_row(last: pd.DataFrame, styles: Mapping[str, Style]) -> Figure:
    """Draw the rows of one imbalance factor, the first at the top, each with its number."""
    figure = Figure(figsize=(8.0, 0.9 + 0.26 * len(last)))
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
    axes.set_yticks(range(len(last)), last["label"])
    axes.set_ylim(len(last) - 0.5, -0.5)
    axes.margins(x=0.1)
    axes.set_xlabel(f"{TOP1}, imbalance factor {number(last['imbalance_factor'].iloc[0])}")
    axes.grid(axis="both")
    return figure
