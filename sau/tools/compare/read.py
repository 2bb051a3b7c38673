"""What a results folder, or a published one, says of each row: figures, answers and settings."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from sau.core.errors import UserError
from sau.pipeline.report.answers import read_answers
from sau.pipeline.report.formats import plain
from sau.pipeline.report.runs import read_measured
from sau.storage import manifest

METRICS = "evaluation/**/metrics.parquet"
SUMMARY = ("summary.csv", "report/summary.csv")
"""Where the table of all runs lies: in a published folder, in a results folder without runs."""

NEEDED = ["method", "imbalance_factor", "seed", "split", "top1_last"]
OF_NETWORK = ["backbone", "width", "epochs"]
"""Columns of the table: those without which nothing can be compared, and settings."""

TEXTS = {"seed": str, "method": str, "dataset": str}
"""Columns that are read as they are written, also where all of one look like numbers."""


class Row(NamedTuple):
    """A method row at one imbalance factor: its label, and the factor that was applied."""

    label: str
    factor: str


@dataclasses.dataclass(frozen=True)
class SeedResult:
    """One run: top-1 of all classes at the last epoch in percent, and what it was made with.

    answers: whether each test image's class was found, by id; None where only the figure is there.
    dataset: what the config calls it; empty where nobody says it.
    """

    top1: float
    settings: Mapping[str, Any]
    answers: "pd.Series[bool] | None" = None
    dataset: str = ""


Results = Mapping[Row, Mapping[str, SeedResult]]
"""By row and seed, in the order of the folder; a seed is `data_seed/seed` where there are several
data seeds."""


def read_results(folder: Path) -> Results:
    """Read a folder.

    Args:
        folder: what `experiment.results` names, or one that holds `summary.csv` alone.

    Raises:
        UserError: neither of them, no run in it, or a file that cannot be read.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; expected a results folder or a published one")
    metrics = sorted(folder.glob(METRICS))
    if metrics:
        return _of_runs(folder, metrics)
    for name in SUMMARY:
        if (folder / name).is_file():
            return _of_table(folder / name)
    raise UserError(
        f"{folder}: no results; expected {METRICS}, as a run writes them, or {SUMMARY[0]}, as "
        "published folders have it"
    )


def _of_runs(folder: Path, metrics: list[Path]) -> Results:
    places = [path.parent.relative_to(folder / "evaluation") for path in metrics]
    predictions = [folder / "training" / place / "predictions.parquet" for place in places]
    there = [path for path in predictions if path.is_file()]
    runs = read_measured(metrics)
    answers = read_answers(runs, there)
    several = len({run.record.data_seed for run in runs}) > 1
    found: dict[Row, dict[str, SeedResult]] = {}
    for run, path in zip(runs, predictions, strict=True):
        record = run.record
        about = manifest.read_metadata(path) if path in there else {}
        is_its_own = about.get("content_sha256") == run.predictions_sha256
        made = about["provenance"] if is_its_own else {}
        settings = made.get("settings") or {key: getattr(record, key) for key in OF_NETWORK}
        seed = f"{record.data_seed}/{record.seed}" if several else str(record.seed)
        top1 = float(run.metrics.loc[run.metrics["split"] == "all", "top1_last"].iloc[0])
        given = answers.get(run.predictions_sha256)
        result = SeedResult(top1, settings, given, record.dataset)
        found.setdefault(Row(record.label, plain(record.imbalance_factor)), {})[seed] = result
    return found


def _of_table(path: Path) -> Results:
    try:
        rows = pd.read_csv(path, dtype=TEXTS, keep_default_na=True)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not a readable table ({error})") from error
    lacking = [name for name in NEEDED if name not in rows]
    if lacking:
        raise UserError(f"{path}: no column {lacking[0]}; expected {', '.join(NEEDED)}")
    everything = rows[rows["split"] == "all"]
    figures = pd.to_numeric(everything["top1_last"], errors="coerce")
    factors = pd.to_numeric(everything["imbalance_factor"], errors="coerce")
    if everything.empty or not figures.between(0, 100).all() or factors.isna().any():
        raise UserError(f"{path}: expected rows of split `all` with top1_last from 0 to 100")
    found: dict[Row, dict[str, SeedResult]] = {}
    for (_, row), top1, factor in zip(everything.iterrows(), figures, factors, strict=True):
        settings = {name: row[name] for name in OF_NETWORK if name in rows}
        place = Row(str(row["method"]), plain(float(factor)))
        dataset = row["dataset"] if "dataset" in rows and pd.notna(row["dataset"]) else ""
        result = SeedResult(float(top1), settings, dataset=dataset)
        found.setdefault(place, {})[str(row["seed"])] = result
    return found
