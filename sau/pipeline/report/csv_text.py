"""The reports' numbers as CSV text."""

import re
from typing import Any

import pandas as pd

from sau.pipeline.report.formats import percent, plain
from sau.pipeline.report.tables import FIGURE_COLUMNS, METHOD_KEYS, SPLITS, have_validation
from sau.storage.manifest.schemas import BEST_ON_VALIDATION

_FORMULA = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters of a formula, the wide ones of Chinese and Japanese texts too."""

_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?", re.ASCII)

SUMMARY_COLUMNS = [
    "dataset",
    "method",
    "synthetic",
    "imbalance_factor",
    "seed",
    "backbone",
    "width",
    "parameters",
    "epochs",
    "split",
    "top1_last",
    "top1_best_on_test",
    *FIGURE_COLUMNS,
]


def summary_csv(table: pd.DataFrame) -> str:
    """Return the per-factor table as CSV: one row per method row and selection.

    Args:
        table: what `tables.summary` returns.

    Columns: dataset, imbalance_factor, `METHOD_KEYS`, seeds, selection, and mean and std of each
    split in percent with two digits, empty where there is none.
    """
    columns = {key: table[key] for key in ["dataset", *METHOD_KEYS, "seeds", "selection"]}
    columns["imbalance_factor"] = table["imbalance_factor"].map(plain)
    numbers = [f"{split}_{what}" for split in SPLITS for what in ("mean", "std")]
    columns |= {name: table[name].map(percent) for name in numbers}
    order = ["dataset", "imbalance_factor", *METHOD_KEYS, "seeds", "selection", *numbers]
    return csv_of(pd.DataFrame(columns)[order])


def runs_csv(rows: pd.DataFrame) -> str:
    """Return all runs as CSV: one row per run and split, in `SUMMARY_COLUMNS`.

    `method` is the row's label, `synthetic` is 1 where the run trained on the balanced set.
    `imbalance_factor` is the applied one. `seed` is the run's seed; where the runs have more
    than one data seed it reads `data_seed/seed`, or two rows would look alike. Top-1 is in
    percent with four digits, empty where the split has no class, and so are the other figures.
    Where a run has a validation split a last column is added, top1_best_on_validation.

    Args:
        rows: what `tables.run_rows` returns.
    """
    seeds = rows["seed"].astype(str)
    if rows["data_seed"].nunique() > 1:
        seeds = rows["data_seed"].astype(str) + "/" + seeds
    top1 = [c for c in SUMMARY_COLUMNS if c.startswith("top1_")] + FIGURE_COLUMNS
    added = [f"top1_{BEST_ON_VALIDATION}"] if have_validation(rows) else []
    frame = rows.assign(
        method=rows["label"],
        synthetic=(rows["data"] == "balanced").astype(int),
        imbalance_factor=rows["imbalance_factor"].map(plain),
        seed=seeds,
        **{name: rows[name].map(lambda v: percent(v, 4)) for name in [*top1, *added]},
    )
    return csv_of(frame[[*SUMMARY_COLUMNS, *added]])


def csv_of(frame: pd.DataFrame) -> str:
    """Return a frame as CSV with a header: Unix line ends, quotes where a text needs them.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    texts = {
        name: frame[name].map(no_formula)
        for name in frame.columns
        if not pd.api.types.is_numeric_dtype(frame[name])
    }
    return str(frame.assign(**texts).to_csv(index=False, lineterminator="\n"))


def no_formula(cell: Any) -> Any:
    """Return a cell that is no formula (OWASP, CSV Injection); numbers stay numbers."""
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\r\n", "\n").replace("\r", "\n")  # which alone is not put into quotes
    is_formula = text.startswith(_FORMULA) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text
