"""One training run as the reports see it: facts and frames, read from its manifests."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sau.core.errors import UserError
from sau.pipeline.report.grid import Grid, GridRow
from sau.pipeline.run_record import RunRecord
from sau.storage import manifest
from sau.storage.belonging import Agree, Link, Shared, check_inputs, recorded_hashes

OF_A_RUN = ("run", "seed", "data_seed", "requested_imbalance_factor", "settings", "inputs")
"""Facts that the manifests of one training run all have."""

BELONGING = (
    Agree(OF_A_RUN, ("predictions", "history", "label_correction")),
    Link("complement", "real", "real"),
)
"""What the manifests of one run must be to each other."""


@dataclasses.dataclass(frozen=True)
class MeasuredRun:
    """What the metrics manifest of a run says.

    record: what identifies the run; `label` is unique among the rows of one report.
    bounds: settings of the evaluation, many_above and few_at_most.
    metrics: rows all, many, medium, few and class, in the manifest's columns.
    predictions_sha256: content hash of the predictions that were measured.
    members_hashes: content hash of each list of the run's training images, in their order.
    """

    record: RunRecord
    bounds: dict[str, int]
    metrics: pd.DataFrame
    predictions_sha256: str
    members_hashes: list[str]


@dataclasses.dataclass(frozen=True)
class Run(MeasuredRun):
    """A measured run with all that its training left behind.

    predictions: columns selection, epoch, id, label, predicted, confidence.
    history: columns epoch, name, value.
    label_correction: columns epoch, label, synthetic, noise; no rows without label correction.
    members: columns id, label, is_synthetic; the images that the run was trained on.
    members_made, made: provenance of each list of members, and of the predictions.
    """

    predictions: pd.DataFrame
    history: pd.DataFrame
    label_correction: pd.DataFrame
    members: pd.DataFrame
    members_made: list[dict[str, Any]]
    made: dict[str, Any]

    def has_complement(self) -> bool:
        """Return whether synthetic images complete the real ones, as far as there are any."""
        return len(self.members_hashes) > 1 or bool(self.members["is_synthetic"].any())


OF_ONE_DATA_SET = (
    Shared("metrics", "predictions.test_images"),
    Shared("metrics", "predictions.train_images"),
)


def read_measured(paths: Sequence[Path]) -> list[MeasuredRun]:
    """Read metrics manifests, in their order; rows that share a label are named by row as well.

    Raises:
        UserError: no path, a manifest of another kind, or provenance without the run's record.
    """
    if not paths:
        raise UserError("--metrics: no file; the report needs the metrics of at least one run")
    runs = [_measured(path) for path in paths]
    _refuse_other_images(paths, runs)
    return _with_distinct_labels(runs, [])[0]


@dataclasses.dataclass(frozen=True)
class Expected:
    """A grid, and what is there of it.

    runs: those that were trained and measured with the settings that they should have now.
    outdated: the others, which no table may mix with them.
    grid: with the labels that tables show.
    """

    runs: list[MeasuredRun]
    outdated: list[MeasuredRun]
    grid: Grid


def read_expected(paths: Sequence[Path], grid: Grid) -> Expected:
    """Read the metrics manifests that are there of a grid, as `read_measured` does; none will do.

    Raises:
        UserError: a manifest of another kind, or a run that the grid does not hold.
    """
    runs = [_measured(path) for path in paths]
    grid.refuse_others(run.record for run in runs)
    runs, rows = _with_distinct_labels(runs, grid.rows)
    there: dict[bool, list[MeasuredRun]] = {True: [], False: []}
    up_to_date = []
    for path, run in zip(paths, runs, strict=True):
        is_up_to_date = grid.is_up_to_date(run.record, run.bounds)
        there[is_up_to_date].append(run)
        up_to_date += [path] if is_up_to_date else []
    _refuse_other_images(up_to_date, there[True])
    return Expected(there[True], there[False], dataclasses.replace(grid, rows=rows))


def _refuse_other_images(paths: Sequence[Path], runs: Sequence[MeasuredRun]) -> None:
    """Refuse runs on one data set, by its name, that were tested or trained on other images."""
    for name in dict.fromkeys(run.record.dataset for run in runs):
        of_name = [p for p, run in zip(paths, runs, strict=True) if run.record.dataset == name]
        check_inputs({"metrics": of_name}, *OF_ONE_DATA_SET)


def _with_distinct_labels(
    runs: Sequence[MeasuredRun], rows: Sequence[GridRow]
) -> tuple[list[MeasuredRun], list[GridRow]]:
    """Put the key of the row behind each label that several rows share."""
    names = [(run.record.run, run.record.label) for run in runs]
    pairs = {*names, *((row.run, row.label) for row in rows)}
    shared = {label for label, count in Counter(label for _, label in pairs).items() if count > 1}

    def told(run: str, label: str) -> str:
        return f"{label} ({run})" if label in shared else label

    return [
        dataclasses.replace(run, record=dataclasses.replace(run.record, label=told(*name)))
        for run, name in zip(runs, names, strict=True)
    ], [dataclasses.replace(row, label=told(row.run, row.label)) for row in rows]


def read_runs(
    metrics: Sequence[Path],
    predictions: Sequence[Path],
    histories: Sequence[Path],
    label_corrections: Sequence[Path],
    members: Sequence[Path],
) -> list[Run]:
    """Read runs from parallel lists of their manifests, and from the members that they share.

    Args:
        metrics, predictions, histories, label_corrections: one of each run, in one order.
        members: each list of real or synthetic members once, in any order; runs find theirs by
            the content hashes.

    Raises:
        UserError: lists of different lengths or orders, a run whose members are not there, or a
            manifest that cannot be read.
    """
    lengths = {
        "--metrics": len(metrics),
        "--predictions": len(predictions),
        "--histories": len(histories),
        "--label-corrections": len(label_corrections),
    }
    if len(set(lengths.values())) > 1:
        raise UserError(f"one file of each kind for each run is needed, got {lengths}")
    sets = {manifest.read_metadata(path)["content_sha256"]: path for path in members}
    parts = zip(read_measured(metrics), predictions, histories, label_corrections, strict=True)
    return [_complete(*part, sets) for part in parts]


def _measured(path: Path) -> MeasuredRun:
    check_inputs({"metrics": path})
    made = manifest.read_metadata(path)["provenance"]
    hashes = recorded_hashes(made, "predictions")
    if "settings" not in made or not hashes:
        raise UserError(f"{path}: written by no evaluation; run the evaluation stage again")
    return MeasuredRun(
        record=RunRecord.of_metrics(made, path),
        bounds=made["settings"],
        metrics=manifest.read(path, "metrics").to_pandas(),
        predictions_sha256=hashes[0],
        members_hashes=recorded_hashes(made, "members"),
    )


def _complete(
    measured: MeasuredRun,
    predictions: Path,
    history: Path,
    label_correction: Path,
    sets: Mapping[str, Path],
) -> Run:
    about = manifest.read_metadata(predictions)
    if about["content_sha256"] != measured.predictions_sha256:
        raise UserError(
            f"{predictions}: not the predictions that the metrics of run "
            f"{measured.record.run!r} were made from; give all lists in the same order of runs"
        )
    missing = [sha for sha in measured.members_hashes if sha not in sets]
    if missing:
        raise UserError(
            f"--members: run {measured.record.run!r} was trained on one with content hash "
            f"{missing[0][:12]}, which is not there; give every manifest that it was trained on"
        )
    members = [sets[sha] for sha in measured.members_hashes]
    check_inputs(
        {
            "predictions": predictions,
            "history": history,
            "label_correction": label_correction,
            "real": members[:1],
            "complement": members[1:],
        },
        *BELONGING,
    )
    columns = ["selection", "epoch", "id", "label", "predicted", "confidence"]
    return Run(
        **{field.name: getattr(measured, field.name) for field in dataclasses.fields(measured)},
        predictions=manifest.read(predictions, "predictions", columns=columns).to_pandas(),
        history=manifest.read(history, "history").to_pandas(),
        label_correction=manifest.read(label_correction, "label_correction").to_pandas(),
        members=manifest.read(members, "members").to_pandas(),
        members_made=[manifest.read_metadata(path)["provenance"] for path in members],
        made=about["provenance"],
    )
