"""Finished runs to the places where Snakemake looks for them."""

import shutil
from pathlib import Path

from sau.config import Config
from sau.errors import UserError
from sau.files import write_bytes
from scripts.slices.jobs import MODEL, TABLES, Job, read_jobs
from scripts.slices.pack import flags_of
from scripts.slices.split import joined
from scripts.slices.state import progress_of


def collect(output: Path, config: Config) -> list[Job]:
    """Copy the outputs of finished runs below `training` of the results, and return those runs.

    What is there already with the same bytes stays as it is. A model that was not kept is not
    there afterwards either; neither evaluation nor report reads it.

    Args:
        output: folder that `run` has filled.
        config: whose results folder it is.

    Raises:
        UserError: a run with other settings than the config's, or another result in its place.
    """
    finished = [job for job in read_jobs(output) if progress_of(job, output).finished]
    for job in finished:
        _refuse_other_settings(job, config)
    for job in finished:
        place = Path(config.experiment.results) / "training" / job.name
        for file in TABLES.values():
            _put(place / file, (output / job.folder / file).read_bytes())
        _put_model(output / job.folder / MODEL, place / MODEL)
    return finished


def _refuse_other_settings(job: Job, config: Config) -> None:
    grid = config.training
    if (
        job.row not in grid.runs
        or flags_of(grid.settings_of(job.row, job.imbalance_factor)) != job.flags
    ):
        raise UserError(
            f"{job.name}: trained with other settings than training.runs.{job.row} of the config "
            "has; give the config that the pack was made from"
        )


def _put(path: Path, data: bytes) -> None:
    if path.exists():
        if path.read_bytes() != data:
            raise UserError(f"{path}: another result is there already; remove it first")
        return
    write_bytes(path, data)


def _put_model(source: Path, place: Path) -> None:
    """Put a model together again, so that its folder appears whole or not at all."""
    if place.exists() or not source.is_dir():
        return
    temporary = place.with_name(f".{place.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    for name in ("config.json", "model.safetensors"):
        write_bytes(temporary / name, joined(source / name))
    temporary.rename(place)
