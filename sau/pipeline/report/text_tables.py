"""Tables of text, as HTML and Markdown both show them."""

import dataclasses
from collections.abc import Sequence

import pandas as pd

from sau.metrics import shots
from sau.pipeline.report import formats
from sau.pipeline.report.runs import MeasuredRun, Run
from sau.pipeline.report.tables import (
    FACTOR_KEYS,
    METHOD_KEYS,
    PARAMETERS,
    SELECTIONS,
    SPLITS,
    shown,
)
from sau.storage.manifest.schemas import BEST_ON_TEST, BEST_ON_VALIDATION

_RUN_COLUMNS = [
    "Method",
    "Data",
    "Backbone",
    "Width",
    "Parameters",
    "In training",
    "Epochs",
    "Seeds",
]


@dataclasses.dataclass(frozen=True)
class TextTable:
    """A table of text.

    columns: headings, without those of the groups.
    rows: one cell for each heading, then one for each column of each group.
    groups: headings over further columns: (heading, its columns).
    words: so many columns from the left hold words, the others numbers.
    """

    columns: list[str]
    rows: list[list[str]]
    groups: list[tuple[str, list[str]]] = dataclasses.field(default_factory=list)
    words: int = 1


def results(table: pd.DataFrame, *, with_factor: bool = False) -> TextTable:
    """Lay out the method rows: the last epoch first, the best ones beside it.

    Args:
        table: what `tables.summary` or `tables.with_missing` returns.
        with_factor: put the imbalance factor before each row.
    """
    before = ["Factor"] if with_factor else []
    if table["dataset"].nunique() > 1:
        before.insert(0, "Data set")
    rows = []
    for _, group in table.groupby([*FACTOR_KEYS, *METHOD_KEYS], sort=False, dropna=False):
        first = group.iloc[0]
        row = [first["dataset"]] if "Data set" in before else []
        row += [factor_of(first)] if with_factor else []
        row += [first["label"], first["data"], first["backbone"]]
        row += [formats.number(first[key]) for key in ("width", *PARAMETERS, "epochs")]
        row.append(formats.of_expected(first["seeds"], _expected(first)))
        for selection in shown(table):
            numbers = group[group["selection"] == selection].iloc[0]
            row += [mean_or_missing(numbers, split) for split in SPLITS]
        rows.append(row)
    return TextTable(
        [*before, *_RUN_COLUMNS],
        rows,
        [(f"Top-1, {words}", list(SPLITS)) for words in shown(table).values()],
        words=len(before) + 3,
    )


def by_factor(table: pd.DataFrame) -> TextTable:
    """Lay out top-1 over all classes, methods down and imbalance factors across.

    Args:
        table: what `tables.summary` or `tables.with_missing` returns.
    """
    table = table.assign(factor=[factor_of(row) for _, row in table.iterrows()])
    ordered = table.sort_values("imbalance_factor", ascending=False, kind="stable")
    factors = list(dict.fromkeys(ordered["factor"]))
    rows = []
    for (label, data), group in table.groupby(["label", "data"], sort=False):
        row = [str(label), str(data)]
        row += [formats.span(_known(group[key])) for key in ("width", "parameters")]
        for selection in shown(table):
            of_selection = group[group["selection"] == selection]
            cells = {numbers["factor"]: _counted(numbers) for _, numbers in of_selection.iterrows()}
            row += [cells.get(name, formats.NONE) for name in factors]
        rows.append(row)
    groups = [(f"Top-1 at imbalance factor, {words}", factors) for words in shown(table).values()]
    return TextTable(["Method", "Data", "Width", "Parameters"], rows, groups, words=2)


def classes(
    counts: pd.DataFrame, accuracy: pd.DataFrame, splits: Sequence[str], class_names: Sequence[str]
) -> TextTable:
    """Lay out the classes: training images and each method's top-1 at the last epoch.

    Args:
        counts: what `tables.class_counts` returns; sets that differ show as lowest to highest,
            those of real images alone not among the synthetic ones.
        accuracy: what `tables.class_summary` returns.
        splits: of each class, in label order.
        class_names: in label order.
    """
    labels = list(dict.fromkeys(accuracy["run"]))
    cells = {
        (str(row["run"]), int(row["label"])): formats.mean_std(row["mean"], row["std"])
        for _, row in accuracy.iterrows()
    }
    completed = counts[counts["has_complement"]]
    rows = []
    for label, (name, split) in enumerate(zip(class_names, splits, strict=True)):
        real = counts.loc[counts["label"] == label, "real"]
        synthetic = completed.loc[completed["label"] == label, "synthetic"]
        spans = [formats.span(real.tolist()), formats.span(synthetic.tolist())]
        rows.append([name, split, *spans, *(cells[run, label] for run in labels)])
    groups = [("Training images", ["real", "synthetic"]), ("Top-1, last epoch", labels)]
    return TextTable(["Class", "Split"], rows, groups, words=2)


def noise(counts: pd.DataFrame, class_names: Sequence[str]) -> TextTable | None:
    """Lay out what label correction called noise at each method's last epoch; None of no rows.

    Args:
        counts: what `noise.noise_counts` returns.
        class_names: in label order.
    """
    if counts.empty:
        return None
    headings = ["synthetic", "called noise", "share, %"]
    rows = [[name] for name in class_names]
    groups = []
    for method, table in counts.groupby("run", sort=False):
        groups.append((str(method), headings))
        last = table[table["epoch"] == table["epoch"].max()].set_index("label")
        for label, row in enumerate(rows):
            row += _noise_cells(last.loc[label]) if label in last.index else [formats.NONE] * 3
    return TextTable(["Class"], rows, groups)


def _noise_cells(counted: pd.Series) -> list[str]:
    """Format synthetic and noise as means over seeds, and the share of the latter."""
    synthetic, found = counted["synthetic"], counted["noise"]
    share = formats.percent(100 * found / synthetic) if synthetic else formats.NONE
    return [*(formats.number(total / counted["seeds"]) for total in (synthetic, found)), share]


def runs(measured: Sequence[Run]) -> TextTable:
    """Lay out the single runs: seeds, top-1 over all classes, best epochs, hashes."""
    best = {
        f"Top-1, {SELECTIONS[name]}": name
        for name in (BEST_ON_VALIDATION, BEST_ON_TEST)
        if any((run.predictions["selection"] == name).any() for run in measured)
    }
    rows = []
    for run in measured:
        everything = run.metrics[run.metrics["split"] == "all"].iloc[0]
        row = [run.record.label, str(run.record.data_seed), str(run.record.seed)]
        row.append(formats.percent(everything["top1_last"]))
        for name in best.values():
            epochs = run.predictions[run.predictions["selection"] == name]["epoch"]
            row.append(formats.percent(everything[f"top1_{name}"]) or formats.NONE)
            row.append(formats.NONE if epochs.empty else formats.number(epochs.iloc[0]))
        row += [run.record.members_sha256[:12] or formats.NONE, run.predictions_sha256[:12]]
        rows.append(row)
    headings = ["Method", "Data seed", "Seed", "Top-1, last epoch"]
    headings += [heading for words in best for heading in (words, "Epoch")]
    return TextTable([*headings, "Members sha256", "Predictions sha256"], rows)


def training_sets(measured: Sequence[MeasuredRun]) -> TextTable:
    """Lay out the runs' training sets, each once: the members' full hash, and how many they are."""
    rows = []
    for run in measured:
        record, everything = run.record, run.metrics[run.metrics["split"] == "all"].iloc[0]
        called = formats.factor(record.imbalance_factor, record.requested_imbalance_factor)
        row = [called, str(record.data_seed), record.members_sha256 or formats.NONE]
        row += [formats.number(everything[f"train_{kind}"]) for kind in ("real", "synthetic")]
        if row not in rows:
            rows.append(row)
    headings = ["Factor", "Data seed", "Members sha256", "Real", "Synthetic"]
    return TextTable(headings, rows, words=3)


def mean_or_missing(row: pd.Series, split: str) -> str:
    """Format a row's top-1 of one split; say where it has no run."""
    if row["seeds"] == 0:
        return formats.MISSING
    return formats.mean_std(row[f"{split}_mean"], row[f"{split}_std"])


def _counted(row: pd.Series) -> str:
    """Format a row's top-1 over all classes, and how many runs it is of where some are missing."""
    found, expected = row["seeds"], _expected(row)
    count = f" ({found} of {expected})" if 0 < found < expected else ""
    return mean_or_missing(row, "all") + count


def _expected(row: pd.Series) -> int:
    """Return how many runs there should be: those that there are, unless a grid says otherwise."""
    return int(row.get("expected", row["seeds"]))


def _known(values: pd.Series) -> list[int]:
    return [int(value) for value in values.dropna()]


def factor_of(row: pd.Series) -> str:
    """Name the imbalance factor of a row."""
    return formats.factor(row["imbalance_factor"], row["requested_imbalance_factor"])


def shots_of(run: MeasuredRun) -> list[str]:
    """Return the split of each class, by its real training images."""
    real = run.metrics[run.metrics["split"] == "class"]["train_real"].to_numpy()
    return [str(split) for split in shots(real, **run.bounds)]
