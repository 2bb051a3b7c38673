"""Figure: loss and test accuracy by epoch."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from sau.pipeline.report.figures import WIDE, Drawing, Style, drawing_of, legend, shown
from sau.pipeline.report.runs import Run

QUANTITIES = {"loss/total": "training loss", "test/top1": "test top-1, %"}
"""What of the history is drawn, one panel each, and what its axis is called."""


def curve_table(runs: Sequence[Run]) -> pd.DataFrame:
    """Return mean and std over seeds of every quantity, by row label, name and epoch.

    Columns: run, data, name, epoch, mean, std (NaN for a single seed).
    """
    parts = [run.history.assign(run=run.record.label, data=run.record.data) for run in runs]
    rows = pd.concat(parts, ignore_index=True)
    grouped = rows.groupby(["run", "data", "name", "epoch"], sort=False)["value"]
    return grouped.agg(["mean", "std"]).reset_index()


def curves(table: pd.DataFrame, styles: Mapping[str, Style]) -> Drawing | None:
    """Draw loss and test top-1 by epoch, mean over seeds in a band of one std.

    Args:
        table: what `curve_table` returns.
        styles: by row label.

    Returns: None where the histories hold none of the quantities.
    """
    names = [name for name in QUANTITIES if (table["name"] == name).any()]
    if not names:
        return None
    description = "training loss and test top-1 by epoch"
    return drawing_of(lambda width: _panels(table, names, styles, width), description)


def _panels(
    table: pd.DataFrame, names: Sequence[str], styles: Mapping[str, Style], width: float
) -> Figure:
    """Draw the quantities beside each other, in a narrow figure below each other."""
    if width >= WIDE:
        figure = Figure(figsize=(4.6 * len(names), 3.2))
        panels = figure.subplots(1, len(names), squeeze=False)[0]
    else:
        figure = Figure(figsize=(width, 2.5 * len(names)))
        panels = figure.subplots(len(names), 1, squeeze=False)[:, 0]
    for axes, name in zip(panels, names, strict=True):
        for run, rows in table[table["name"] == name].groupby("run", sort=False):
            style, line = styles[str(run)], rows.sort_values("epoch")
            marker = style.marker if len(line) <= 2 else "none"
            axes.plot(
                line["epoch"],
                line["mean"],
                color=style.colour,
                marker=marker,
                label=shown(str(run)),
            )
            std = line["std"].fillna(0)
            axes.fill_between(
                line["epoch"],
                line["mean"] - std,
                line["mean"] + std,
                color=style.colour,
                alpha=0.2,
                linewidth=0,
            )
        axes.set_xlabel("epoch")
        axes.set_title(QUANTITIES[name])
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y")
    legend(figure, panels[0])
    return figure
