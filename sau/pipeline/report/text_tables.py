"""Tables of text, as HTML and Markdown both show them."""

import dataclasses
from collections.abc import Mapping, Sequence

import pandas as pd

from sau.metrics import shots
from sau.metrics.found_noise import Share
from sau.pipeline.report import formats
from sau.pipeline.report.noise import found_in, is_judged
from sau.pipeline.report.runs import MeasuredRun, Run
from sau.pipeline.report.tables import SELECTIONS
from sau.storage.manifest.schemas import BEST_ON_TEST, BEST_ON_VALIDATION


class Link(str):
    """A cell that leads to a file in HTML; in Markdown it is its words.

    target: path from the page's folder.
    """

    target: str

    @classmethod
    def to(cls, words: str, target: str) -> "Link":
        """Return a cell with these words."""
        cell = cls(words)
        cell.target = target
        return cell


@dataclasses.dataclass(frozen=True)
class TextTable:
    """A table of text.

    columns: headings, without those of the groups.
    rows: one cell for each heading, then one for each column of each group.
    groups: headings over further columns: (heading, its columns).
    words: so many columns from the left hold words, the others numbers.
    words_last: so many columns from the right hold words too, which may break.
    """

    columns: list[str]
    rows: list[list[str]]
    groups: list[tuple[str, list[str]]] = dataclasses.field(default_factory=list)
    words: int = 1
    words_last: int = 0


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


JUDGED = (
    " Here it is known which labels are wrong. Precision: of the samples called noise, the wrong "
    "ones; recall: of the wrong ones, those called noise; each over all seeds, with Wilson's 95 % "
    "interval, which takes the seeds' samples for independent."
)


def noise(counts: pd.DataFrame, class_names: Sequence[str]) -> TextTable | None:
    """Lay out what label correction called noise at each method's last epoch; None of no rows.

    Where the true labels are known, precision and recall stand beside it, of all classes too.

    Args:
        counts: what `noise.noise_counts` returns.
        class_names: in label order.
    """
    if counts.empty:
        return None
    rows = [[name] for name in class_names]
    groups = []
    if any(is_judged(table) for _, table in counts.groupby("run", sort=False)):
        rows.append(["all classes"])
    for method, table in counts.groupby("run", sort=False):
        headings = ["synthetic", "called noise", "share, %"]
        headings += ["wrong", "precision, %", "recall, %"] if is_judged(table) else []
        groups.append((str(method), headings))
        last = table[table["epoch"] == table["epoch"].max()].set_index("label")
        parts: list[pd.DataFrame] = [last[last.index == label] for label in range(len(class_names))]
        for row, part in zip(rows, [*parts, last], strict=False):
            row += _noise_cells(part) if len(part) else [formats.NONE] * len(headings)
    return TextTable(["Class"], rows, groups)


def _noise_cells(counted: pd.DataFrame) -> list[str]:
    """Format counts as means over seeds, and shares of them over all seeds."""
    seeds, (synthetic, called) = counted["seeds"].iloc[0], counted[["synthetic", "noise"]].sum()
    share = formats.percent(100 * called / synthetic) if synthetic else formats.NONE
    cells = [*(formats.number(total / seeds) for total in (synthetic, called)), share]
    if not is_judged(counted):
        return cells
    found = found_in(counted)
    rates = [_with_interval(rate) for rate in (found.precision, found.recall)]
    return [*cells, formats.number(found.wrong / seeds), *rates]


def _with_interval(share: Share) -> str:
    if not share.of:
        return formats.NONE
    low, high = (formats.percent(100 * bound, 0) for bound in (share.low, share.high))
    return f"{formats.percent(100 * share.value, 1)} ({low} to {high})"


def runs(measured: Sequence[Run], files: Sequence[Mapping[str, str]] = ()) -> TextTable:
    """Lay out the single runs: seeds, top-1 over all classes, best epochs, links to their files.

    Args:
        measured: all of them.
        files: of each run: words and the path that they lead to, such as of its model; or nothing.
    """
    best = {
        f"Top-1, {SELECTIONS[name]}": name
        for name in (BEST_ON_VALIDATION, BEST_ON_TEST)
        if any((run.predictions["selection"] == name).any() for run in measured)
    }
    rows: list[list[str]] = []
    for place, run in enumerate(measured):
        everything = run.metrics[run.metrics["split"] == "all"].iloc[0]
        row = [run.record.label, str(run.record.data_seed), str(run.record.seed)]
        row.append(formats.percent(everything["top1_last"]))
        for name in best.values():
            epochs = run.predictions[run.predictions["selection"] == name]["epoch"]
            row.append(formats.percent(everything[f"top1_{name}"]) or formats.NONE)
            row.append(formats.NONE if epochs.empty else formats.number(epochs.iloc[0]))
        rows.append([*row, *(Link.to(*file) for file in (files[place].items() if files else ()))])
    headings = ["Method", "Data seed", "Seed", "Top-1, last epoch"]
    headings += [heading for words in best for heading in (words, "Epoch")]
    return TextTable(
        [*headings, *(name.capitalize() for name in (files[0] if files else ()))], rows
    )


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


def factor_of(row: pd.Series) -> str:
    """Name the imbalance factor of a row."""
    return formats.factor(row["imbalance_factor"], row["requested_imbalance_factor"])


def shots_of(run: MeasuredRun) -> list[str]:
    """Return the split of each class, by its real training images."""
    real = run.metrics[run.metrics["split"] == "class"]["train_real"].to_numpy()
    return [str(split) for split in shots(real, **run.bounds)]
