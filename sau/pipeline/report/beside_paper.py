"""The paper's figures beside ours."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from sau.pipeline.report import formats
from sau.pipeline.report.csv_text import csv_of
from sau.pipeline.report.grid import Grid, GridRow
from sau.pipeline.report.paper import PaperFigure, counterpart
from sau.pipeline.report.tables import SPLITS
from sau.pipeline.report.text_tables import TextTable, factor_of, mean_or_missing

CAPTION = (
    "Paper: the figures of {name}, as printed there. Ours: mean ± standard deviation over the runs "
    "that are there, last epoch. Difference: ours minus the paper's, in percentage points. 0 of 0: "
    "the experiment has no such run. Data: real images alone, or balanced with synthetic ones. "
    "Paper and ours share a setting only as far as images, sampling, network and training agree."
)

CSV_COLUMNS = [
    "method",
    "paper_method",
    "data",
    "imbalance_factor",
    "effective_imbalance_factor",
    "split",
    "paper_backbone",
    "backbone",
    "width",
    "parameters",
    "paper",
    "ours",
    "ours_std",
    "difference",
    "runs",
    "expected",
]
"""Columns of `paper_csv`."""


class Pair(NamedTuple):
    """One line of the table.

    ours: a row of `tables.with_missing` at the last epoch; None where no run is planned.
    paper: None where the paper has no figure.
    """

    ours: "pd.Series[Any] | None"
    paper: PaperFigure | None
    split: str

    def difference(self) -> float:
        """Return ours minus the paper's in percentage points; NaN where one of them is missing."""
        if self.ours is None or self.paper is None:
            return math.nan
        return float(self.ours[f"{self.split}_mean"]) - float(self.paper.top1)


def beside_paper(table: pd.DataFrame, grid: Grid, figures: Sequence[PaperFigure]) -> list[Pair]:
    """Return every figure of ours and of the paper's: our rows first, then what is left there.

    Args:
        table: what `tables.with_missing` returns for the grid.
        grid: its rows name their counterparts.
        figures: of one table and data set; none give no pairs. A row of ours shows the splits that
            they have.
    """
    last = table[table["selection"] == "last"]
    splits = [split for split in SPLITS if split in {figure.split for figure in figures}]
    pairs = [
        pair
        for row in grid.rows
        for pair in _of_row(last[last["run"] == row.run], _counterparts(row, figures), splits)
    ]
    used = {pair.paper for pair in pairs}
    return pairs + [Pair(None, figure, figure.split) for figure in figures if figure not in used]


def text_table(pairs: Sequence[Pair]) -> TextTable:
    """Lay out what `beside_paper` returns."""
    headings = ["Method", "Data", "In the paper", "Backbone", "Split", "Factor", "Width"]
    headings += ["Parameters", "Paper", "Ours", "Difference", "Runs"]
    return TextTable(headings, [_cells(pair) for pair in pairs], words=5)


def paper_csv(pairs: Sequence[Pair]) -> str:
    """Return what `beside_paper` returns as CSV, in `CSV_COLUMNS`; the header alone of no pairs.

    `method` is the row's label, empty where we have no row; `imbalance_factor` is the requested
    one. `paper` has the digits that the paper prints, our figures have all of theirs. What is
    missing is empty, and `runs` is then 0; where no run is planned `expected` is 0 too.
    """
    return csv_of(pd.DataFrame([_values(pair) for pair in pairs], columns=CSV_COLUMNS, dtype=str))


def _counterparts(
    row: GridRow, figures: Sequence[PaperFigure]
) -> dict[tuple[str, str], PaperFigure]:
    """Return the figures beside which a row stands, by requested factor and split."""
    if not row.paper or not figures:
        return {}
    found = counterpart(figures, row.paper, row.data, row.backbone)
    return {(figure.imbalance_factor, figure.split): figure for figure in found}


def _of_row(
    ours: pd.DataFrame, wanted: Mapping[tuple[str, str], PaperFigure], splits: Sequence[str]
) -> Iterator[Pair]:
    for _, cell in ours.iterrows():
        for split in splits:
            yield Pair(cell, wanted.get((cell["requested_imbalance_factor"], split)), split)


def _cells(pair: Pair) -> list[str]:
    ours, paper, split = pair
    there = f"{paper.method}, {paper.backbone}" if paper else formats.NONE
    figure = paper.top1 if paper else formats.NONE
    if ours is None:
        assert paper is not None, "a pair has at least one of its two"
        left = [paper.method, paper.data, there, formats.NONE, split, paper.imbalance_factor]
        return [*left, formats.NONE, formats.NONE, figure, formats.MISSING, formats.NONE, "0 of 0"]
    left = [ours["label"], ours["data"], there, ours["backbone"], split, factor_of(ours)]
    return [
        *left,
        *(formats.number(ours[key]) for key in ("width", "parameters")),
        figure,
        mean_or_missing(ours, split),
        formats.signed(pair.difference()),
        f"{ours['seeds']} of {ours['expected']}",
    ]


def _values(pair: Pair) -> dict[str, str]:
    ours, paper, split = pair
    values = {"split": split, "runs": "0", "expected": "0"}
    if paper:
        values |= {"paper_method": paper.method, "paper_backbone": paper.backbone}
        values |= {"paper": paper.top1, "data": paper.data}
        values |= {"imbalance_factor": paper.imbalance_factor}
    if ours is not None:
        effective = ours["imbalance_factor"] if ours["seeds"] else math.nan
        values |= {"method": ours["label"], "data": ours["data"], "backbone": ours["backbone"]}
        values |= {"imbalance_factor": ours["requested_imbalance_factor"]}
        values |= {"effective_imbalance_factor": formats.full(effective)}
        values |= {key: formats.count(ours[key]) for key in ("width", "parameters")}
        values |= {"ours": formats.full(ours[f"{split}_mean"])}
        values |= {"ours_std": formats.full(ours[f"{split}_std"])}
        values |= {"difference": formats.full(pair.difference())}
        values |= {"runs": str(ours["seeds"]), "expected": str(ours["expected"])}
    return {key: values.get(key, "") for key in CSV_COLUMNS}
