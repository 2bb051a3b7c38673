"""Tables of the method rows: top-1, the difference to one of them, the sizes of networks."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sau.metrics import Difference
from sau.pipeline.report import formats
from sau.pipeline.report.tables import (
    FACTOR_KEYS,
    METHOD_KEYS,
    PARAMETERS,
    SELECTIONS,
    SPLITS,
    shown,
)
from sau.pipeline.report.text_tables import TextTable, factor_of, mean_or_missing
from sau.storage.manifest.schemas import BEST_ON_TEST


def results(
    table: pd.DataFrame,
    baseline: str,
    found: Sequence[Difference | None],
    *,
    with_factor: bool = False,
) -> TextTable:
    """Lay out the method rows: top-1 by split, and the difference to the baseline in words.

    The last epoch, and beside it that which validation images chose, where there are any.

    Args:
        table: what `tables.summary` or `tables.with_missing` returns.
        baseline: key of the row to which the others are compared.
        found: the difference of each line of the table, as far as there is one.
        with_factor: put the imbalance factor before each row.
    """
    table = table.assign(difference=pd.Series(found, index=table.index, dtype=object))
    selections = [name for name in shown(table) if name != BEST_ON_TEST]
    rows = []
    for _, group in table.groupby([*FACTOR_KEYS, *METHOD_KEYS], sort=False, dropna=False):
        first = group.iloc[0]
        row = [*_row_names(table, first, with_factor), _seeds(first)]
        for selection in selections:
            numbers = group[group["selection"] == selection].iloc[0]
            row += [mean_or_missing(numbers, split) for split in SPLITS]
        rows.append(row + _difference_cells(first, baseline))
    groups = [(f"Top-1, {SELECTIONS[name]}", list(SPLITS)) for name in selections]
    label = next(iter(table.loc[table["run"] == baseline, "label"]), "the baseline")
    groups.append((f"Difference to {label}", ["all", "in words"]))
    headings = [*_row_headings(table, with_factor), "Seeds"]
    return TextTable(headings, rows, groups, words=len(headings) - 1, words_last=1)


def best_on_test(table: pd.DataFrame, *, with_factor: bool = False) -> TextTable:
    """Lay out top-1 at the best epoch on the test set: chosen by looking at it, so optimistic.

    Args:
        table: what `tables.summary` or `tables.with_missing` returns.
        with_factor: put the imbalance factor before each row.
    """
    best = table[table["selection"] == BEST_ON_TEST]
    rows = [
        [*_row_names(table, row, with_factor), *(mean_or_missing(row, split) for split in SPLITS)]
        for _, row in best.iterrows()
    ]
    headings = _row_headings(table, with_factor)
    return TextTable([*headings, *SPLITS], rows, words=len(headings))


def networks(table: pd.DataFrame) -> TextTable:
    """Lay out the networks of the method rows: their sizes and epochs.

    Args:
        table: what `tables.summary` or `tables.with_missing` returns.
    """
    rows: list[list[str]] = []
    for (label, data), group in table.groupby(["label", "data"], sort=False):
        first = group.iloc[0]
        sizes = [formats.span(_known(group[key])) for key in ("width", *PARAMETERS, "epochs")]
        rows.append([str(label), str(data), str(first["backbone"]), *sizes, *_cost(group)])
    headings = ["Method", "Data", "Backbone", "Width", "Parameters", "In training", "Epochs"]
    headings += ["Precision", "PFLOP"]
    return TextTable(headings, rows, words=3)


def _cost(group: pd.DataFrame) -> list[str]:
    """Return in what the runs were computed, and their training's operations in 10^15."""
    precisions = [str(name) for name in group["precision"].dropna().unique() if name]
    known = group["operations"].dropna()
    operations = [f"{value / 1e15:.3g}" for value in known[known > 0].unique()]
    return [", ".join(precisions) or formats.NONE, ", ".join(operations) or formats.NONE]


def _row_headings(table: pd.DataFrame, with_factor: bool) -> list[str]:
    several = table["dataset"].nunique() > 1
    names = ["Data set"] if several else []
    return [*names, *(["Factor"] if with_factor else []), "Method", "Data"]


def _row_names(table: pd.DataFrame, row: "pd.Series[Any]", with_factor: bool) -> list[str]:
    """Return the cells under `_row_headings`."""
    names = [str(row["dataset"])] if table["dataset"].nunique() > 1 else []
    names += [factor_of(row)] if with_factor else []
    return [*names, str(row["label"]), str(row["data"])]


def _seeds(row: "pd.Series[Any]") -> str:
    return formats.of_expected(row["seeds"], _expected(row))


def _difference_cells(row: "pd.Series[Any]", baseline: str) -> list[str]:
    """Return a difference with its interval, and its word."""
    difference: Difference | None = row["difference"]
    if difference is None:
        return [formats.NONE, "baseline" if row["run"] == baseline else formats.NONE]
    bounds = formats.interval(difference.mean, difference.low, difference.high)
    return [bounds, str(difference.verdict)]


def _expected(row: pd.Series) -> int:
    """Return how many runs there should be: those that there are, unless a grid says otherwise."""
    return int(row.get("expected", row["seeds"]))


def _known(values: pd.Series) -> list[int]:
    """Return the sizes that there are; networks of other libraries have no width, which is 0."""
    return [int(value) for value in values.dropna() if value]
