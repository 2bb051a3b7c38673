"""How far a run is, from the files in its folder alone."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sau.core.errors import UserError
from sau.storage.files import write_text
from sau.storage.part_index import UnreadablePartsError, read_about
from sau.storage.sealed import sealed_text, unsealed
from scripts.slices.jobs import CHECKPOINT, OUTPUTS, Job

SLICES_FILE = "slices.json"


@dataclasses.dataclass(frozen=True, order=True)
class Progress:
    """How far a run is; of two, the further one is the greater.

    `finished`: its outputs are there; `epochs`: whole ones; `steps`: of the one after those.
    """

    finished: bool = False
    epochs: int = 0
    steps: int = 0


def progress_of(job: Job, parent: Path) -> Progress:
    """Return how far a run is in `parent`, a folder of runs' folders."""
    folder = parent / job.folder
    if read_slices(folder)["finished"]:
        return Progress(True, job.epochs)
    try:
        about = read_about(folder / CHECKPOINT)
    except UnreadablePartsError:
        # The stage removes the checkpoint when all outputs are there.
        finished = all((folder / name).exists() for name in OUTPUTS.values())
        return Progress(finished, job.epochs if finished else 0)
    return Progress(False, about["epoch"], about.get("partial", {}).get("steps", 0))


def furthest(job: Job, parents: Sequence[Path]) -> tuple[Progress, Path]:
    """Return how far a run is, and in which of the folders; the first of equals."""
    found = [progress_of(job, parent) for parent in parents]
    best = max(found)
    return best, parents[found.index(best)]


def read_slices(folder: Path) -> dict[str, Any]:
    """Return what is noted of a run: whether it is `finished`, and its `slices` so far."""
    path = folder / SLICES_FILE
    if not path.is_file():
        return {"finished": False, "slices": []}
    try:
        return unsealed(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(
            f"{path}: not as it was written ({error}); copy it again, or remove it to count the "
            "run by its files alone"
        ) from error


def note_slice(folder: Path, epochs: int, seconds: float, *, finished: bool) -> None:
    """Note how many epochs a slice has added to a run, how long it took, and if that was all."""
    slices = [*read_slices(folder)["slices"], {"epochs": epochs, "seconds": round(seconds, 1)}]
    _write_slices(folder, {"finished": finished, "slices": slices})


def note_finished(folder: Path) -> None:
    """Note that a run has all outputs, if its slice was killed before it could.

    Without the note a run whose weights are then removed would count as one that has not begun.
    """
    noted = read_slices(folder)
    if not noted["finished"]:
        _write_slices(folder, {**noted, "finished": True})


def _write_slices(folder: Path, noted: Mapping[str, Any]) -> None:
    write_text(folder / SLICES_FILE, sealed_text(noted))


def status_table(jobs: Sequence[Job], parents: Sequence[Path]) -> str:
    """Return a table in plain text: run, epochs done, seconds an epoch, where."""
    lines = [("run", "epochs", "s an epoch", "in")]
    for job in jobs:
        progress, parent = furthest(job, parents)
        within = f" + {progress.steps} steps" if progress.steps else ""
        done = f"{progress.epochs} of {job.epochs}{within}"
        where = str(parent) if progress > Progress() else "-"
        lines.append((job.name, done, _seconds_an_epoch(parent / job.folder), where))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _seconds_an_epoch(folder: Path) -> str:
    slices = read_slices(folder)["slices"]
    epochs = sum(part["epochs"] for part in slices)
    return f"{sum(part['seconds'] for part in slices) / epochs:.1f}" if epochs else "-"
