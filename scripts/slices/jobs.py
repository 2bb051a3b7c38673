"""The table of jobs: one line for each training run, with all that `sau training` is told."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from sau.core.errors import UserError
from sau.storage.files import write_text
from sau.storage.reuse import reuse_folder

JOBS_FILE = "jobs.json"

PACK_MB = 55
"""Of 1,000,000 bytes; how large a pack may be unless another limit is given."""

PART_BYTES = 16_000_000
"""No file that is moved is as large: some ways to move files end there."""

TABLES = {
    "predictions": "predictions.parquet",
    "history": "history.parquet",
    "label_correction": "label_correction.parquet",
}
MODEL, CHECKPOINT = "model", "checkpoint"
OUTPUTS = {**TABLES, "model": MODEL}
"""What a finished run leaves behind, by the stage's parameters; the model is a folder."""

KEPT = reuse_folder(Path(TABLES["predictions"])).name
"""Second names of the outputs, which nothing here needs: no Snakemake removes the first ones."""


@dataclasses.dataclass(frozen=True)
class Job:
    """One training run.

    `row`, `imbalance_factor`, `data_seed` and `seed` say which; `epochs` how many it has in all.
    `flags`: the settings that its results depend on, in words of a command line; `execution`: the
    others. The rest are manifests, as paths from the pack's folder.
    """

    row: str
    imbalance_factor: str
    data_seed: int
    seed: int
    epochs: int
    flags: list[str]
    execution: list[str]
    members: list[str]
    validation: str
    train_images: list[str]
    test_images: list[str]
    synthetic_images: list[str]

    @property
    def name(self) -> str:
        """The run's folder below `training` in the results."""
        return (
            f"{self.row}/imbalance-{self.imbalance_factor}/data-seed-{self.data_seed}"
            f"/seed-{self.seed}"
        )

    @property
    def folder(self) -> str:
        """The same as the name of one folder, so that nothing lies deep."""
        return self.name.replace("/", "-")

    def words(self, pack: Path, output: Path) -> list[str]:
        """Return the words that follow `sau training`.

        Args:
            pack: folder of the manifests.
            output: folder of the run's outputs and of its checkpoint.
        """
        words = ["--validation", str(pack / self.validation)]
        for name in ("members", "train_images", "test_images", "synthetic_images"):
            paths = [str(pack / path) for path in getattr(self, name)]
            words += [f"--{name.replace('_', '-')}", *paths]
        for name, file in OUTPUTS.items():
            words += [f"--{name.replace('_', '-')}", str(output / file)]
        words += ["--checkpoint", str(output / CHECKPOINT), "--part-bytes", str(PART_BYTES)]
        return [*words, "--run", self.row, "--seed", str(self.seed), *self.flags, *self.execution]


def write_jobs(folder: Path, jobs: Sequence[Job]) -> None:
    """Write the table, in the order in which the jobs are worked through."""
    rows = [dataclasses.asdict(job) for job in jobs]
    write_text(folder / JOBS_FILE, json.dumps(rows, indent=1) + "\n")


def read_jobs(folder: Path) -> list[Job]:
    """Read the table of a pack, or its copy among the outputs.

    Raises:
        UserError: there is none.
    """
    path = folder / JOBS_FILE
    if not path.is_file():
        raise UserError(f"{folder}: no {JOBS_FILE}; give a folder that `scripts.slices pack` made")
    try:
        return [Job(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise UserError(f"{path}: no table of jobs ({error}); pack again") from error


def chosen(jobs: Sequence[Job], only: Sequence[str]) -> list[Job]:
    """Return the jobs in the folders `only`, such as sau/imbalance-100; all if it is empty.

    Raises:
        UserError: a folder in which there is no run.
    """
    starts = [f"{folder.rstrip('/')}/" for folder in only]
    for start in starts:
        if not any(f"{job.name}/".startswith(start) for job in jobs):
            known = ", ".join(job.name for job in jobs)
            raise UserError(f"--only {start}: no such run; there are {known}")
    return [job for job in jobs if not only or f"{job.name}/".startswith(tuple(starts))]
