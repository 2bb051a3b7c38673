"""Finished runs to the places where Snakemake looks for them."""

from pathlib import Path

from sau.config import Config
from sau.errors import UserError
from sau.files import write_bytes
from sau.folders import new_folder
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
        UserError: a run with other settings than the config's, a model of which a piece is lost,
            or another result in a run's place.
    """
    finished = [job for job in read_jobs(output) if progress_of(job, output).finished]
    for job in finished:
        _refuse_other_settings(job, config)
    for job in finished:
        place = Path(config.experiment.results) / "training" / job.name
        # The model first: one that has lost a piece leaves nothing of its run there.
        _put_model(output / job.folder / MODEL, place / MODEL)
        for file in TABLES.values():
            _put(place / file, (output / job.folder / file).read_bytes())
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
    with new_folder(place) as temporary:
        for name in ("config.json", "model.safetensors"):
            (temporary / name).write_bytes(joined(source / name))
