"""Numbers of the runs as frames: one row per run and split, their mean and std over seeds."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from sau.pipeline.report.grid import Grid, GridRow
from sau.pipeline.report.runs import MeasuredRun, Run
from sau.pipeline.subset.settings import AS_IS
from sau.storage.manifest.schemas import BEST_ON_TEST, BEST_ON_VALIDATION, FIGURES, LAST

SPLITS = ("all", "many", "medium", "few")
SELECTIONS = {
    LAST: "last epoch",
    BEST_ON_VALIDATION: "best epoch, chosen on validation images",
    BEST_ON_TEST: "best epoch, chosen on the test set",
}
"""What each selection of an epoch is called wherever it is shown; the first is the headline."""

TOP1_COLUMNS = [f"top1_{name}" for name in SELECTIONS]
"""Columns of the metrics."""

FIGURE_COLUMNS = [f"{name}_{LAST}" for name in FIGURES if name != "top1"]
"""Columns of the metrics at the last epoch, besides top-1."""

FACTOR_KEYS = ["dataset", "imbalance_factor", "requested_imbalance_factor"]
PARAMETERS = ("parameters", "parameters_trained")
"""Those of the network that is tested, and those of its training."""

COST = ("precision", "operations")
"""What the passes are computed in, and the floating-point operations of training."""

METHOD_KEYS = ["run", "label", "method", "data", "backbone", "width", *PARAMETERS, "epochs", *COST]
TABLE_COLUMNS = [
    *FACTOR_KEYS,
    *METHOD_KEYS,
    "seeds",
    "selection",
    *(f"{split}_{what}" for split in SPLITS for what in ("mean", "std")),
]
"""Columns of what `summary` returns."""


def run_rows(runs: Sequence[MeasuredRun]) -> pd.DataFrame:
    """Return one row per run and split.

    Columns: `FACTOR_KEYS`, `METHOD_KEYS`, data_seed, seed, split, `TOP1_COLUMNS` (percent, NaN
    where the split has no class, and where there is no validation split) and `FIGURE_COLUMNS`.
    """
    keys = [*FACTOR_KEYS, *METHOD_KEYS, "data_seed", "seed"]
    if not runs:
        return pd.DataFrame(columns=["split", *TOP1_COLUMNS, *FIGURE_COLUMNS, *keys])
    frames = []
    for run in runs:
        rows = run.metrics[run.metrics["split"].isin(SPLITS)]
        rows = rows[["split", *TOP1_COLUMNS, *FIGURE_COLUMNS]]
        frames.append(rows.assign(**{key: getattr(run.record, key) for key in keys}))
    return pd.concat(frames, ignore_index=True)


def have_validation(rows: pd.DataFrame) -> bool:
    """Return whether one of the runs in `run_rows` has a validation split."""
    return bool(rows[f"top1_{BEST_ON_VALIDATION}"].notna().any())


def shown(table: pd.DataFrame) -> dict[str, str]:
    """Return the selections that a table shows, in their order, with their words.

    Args:
        table: what `summary` or `with_missing` returns; of no runs it shows the last epoch and the
            best on the test set.
    """
    there = {LAST, BEST_ON_TEST, *table["selection"]}
    return {name: words for name, words in SELECTIONS.items() if name in there}


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per imbalance factor, method row and selection, in order of appearance.

    The selection by validation images is left out where no run has any.

    Columns: `TABLE_COLUMNS`; seeds is the number of runs, and for each split there are
    `<split>_mean` and `<split>_std` in percent (std with ddof 1: NaN for a single run).
    """
    keys = [*FACTOR_KEYS, *METHOD_KEYS]
    selections = [s for s in SELECTIONS if s != BEST_ON_VALIDATION or have_validation(rows)]
    records = []
    for values, group in rows.groupby(keys, sort=False):
        for selection in selections:
            record = dict(zip(keys, values, strict=True))
            record |= {"seeds": int((group["split"] == "all").sum()), "selection": selection}
            for split in SPLITS:
                top1 = group.loc[group["split"] == split, f"top1_{selection}"]
                record |= {f"{split}_mean": top1.mean(), f"{split}_std": top1.std(ddof=1)}
            records.append(record)
    return pd.DataFrame.from_records(records, columns=TABLE_COLUMNS)


def with_missing(table: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """Put a row for every missing cell of the grid into the table, in the order of the grid.

    Args:
        table: what `summary` returns, of runs that the grid holds.
        grid: the runs that there should be.

    Returns: the columns of the table and expected (number of runs that there should be). Where
    none of them is there, seeds is 0, what only a run tells is NaN, and the imbalance factor is
    that of the other rows, or else the requested one.
    """
    effective = dict(
        zip(table["requested_imbalance_factor"], table["imbalance_factor"], strict=True)
    )
    records: list[dict[Any, Any]] = []
    for factor in grid.imbalance_factors:
        for row in grid.rows:
            cell = (table["run"] == row.run) & (table["requested_imbalance_factor"] == factor)
            found = table[cell].to_dict("records")
            cells = _missing_cell(grid, row, factor, effective.get(factor))
            records += found or [cells | {"selection": selection} for selection in shown(table)]
    columns = [*TABLE_COLUMNS, "expected"]
    return pd.DataFrame.from_records(
        [record | {"expected": grid.runs_of_a_cell()} for record in records], columns=columns
    )


def _missing_cell(grid: Grid, row: GridRow, factor: str, effective: float | None) -> dict[Any, Any]:
    """Return the record of a cell without runs, but for its selection."""
    if effective is None:
        effective = math.nan if factor == AS_IS else float(factor)
    known = {key: getattr(row, key) for key in METHOD_KEYS if key not in (*PARAMETERS, *COST)}
    known |= {"dataset": grid.dataset, "requested_imbalance_factor": factor, "seeds": 0}
    rest = dict.fromkeys(TABLE_COLUMNS, math.nan)
    return rest | known | {"imbalance_factor": effective}


def class_rows(runs: Sequence[MeasuredRun]) -> pd.DataFrame:
    """Return one row per run and class: row label, class index, train_real and top1_last."""
    frames = []
    for run in runs:
        rows = run.metrics[run.metrics["split"] == "class"]
        frames.append(
            pd.DataFrame(
                {
                    "run": run.record.label,
                    "label": rows["label"].astype(int),
                    "train_real": rows["train_real"],
                    "top1": rows["top1_last"],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def class_summary(runs: Sequence[MeasuredRun]) -> pd.DataFrame:
    """Return mean and std of top-1 over seeds, by row label (in order of appearance) and class.

    Columns: run, label, train_real (mean over the runs), mean, std (percent).
    """
    grouped = class_rows(runs).groupby(["run", "label"], sort=False)
    return grouped.agg(
        train_real=("train_real", "mean"), mean=("top1", "mean"), std=("top1", "std")
    ).reset_index()


def class_counts(runs: Sequence[Run], classes: int) -> pd.DataFrame:
    """Return the images of each different training set by class.

    Columns: members (content hash), data_seed, has_complement (of synthetic images; it may be
    empty), label, real, synthetic; one row for each class of each set.
    """
    frames = []
    for run in {run.record.members_sha256: run for run in reversed(runs)}.values():
        synthetic = run.members["is_synthetic"]
        labels = run.members["label"]
        frames.append(
            pd.DataFrame(
                {
                    "members": run.record.members_sha256,
                    "data_seed": run.record.data_seed,
                    "has_complement": run.has_complement(),
                    "label": range(classes),
                    "real": labels[~synthetic].value_counts().reindex(range(classes), fill_value=0),
                    "synthetic": labels[synthetic]
                    .value_counts()
                    .reindex(range(classes), fill_value=0),
                }
            )
        )
    return pd.concat(reversed(frames), ignore_index=True)
