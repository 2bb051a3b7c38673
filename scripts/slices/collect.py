"""Finished runs to the places where Snakemake looks for them."""

from pathlib import Path

from sau.config import Config
from sau.core.errors import UserError
from sau.storage.files import write_bytes
from sau.storage.folders import new_folder
from sau.storage.manifest.schemas import BEST_ON_VALIDATION
from scripts.slices.jobs import MODEL, TABLES, Job, read_jobs
from scripts.slices.pack import flags_of
from scripts.slices.split import joined
from scripts.slices.state import progress_of

_MODEL_FILES = ("config.json", "model.safetensors")


def collect(output: Path, config: Config) -> list[Job]:
    """Copy the outputs of finished runs below `training` of the results, and return those runs.

    What is there already with the same bytes stays as it is. A model that was not kept is not
    there afterwards either; neither evaluation nor report reads it.

    Args:
        output: folder that `run` has filled.
        config: whose results folder it is.

    Raises:
        UserError: a run with other settings than the config's, a table or a piece of a model that
            is lost, or another result in a run's place.
    """
    finished = [job for job in read_jobs(output) if progress_of(job, output).finished]
    for job in finished:
        _refuse_other_settings(job, config)
    for job in finished:
        _put_run(output / job.folder, Path(config.experiment.results) / "training" / job.name)
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


def _put_run(source: Path, place: Path) -> None:
    """Read all of a run, and compare, before anything of it is written."""
    tables = {place / file: _table(source / file) for file in TABLES.values()}
    model = {}
    if (source / MODEL).is_dir() and not (place / MODEL).exists():
        model = {name: joined(source / MODEL / name) for name in _model_files(source / MODEL)}
    for path, data in tables.items():
        if path.exists() and path.read_bytes() != data:
            raise UserError(f"{path}: another result is there already; remove it first")
    for path, data in tables.items():
        if not path.exists():
            write_bytes(path, data)
    if model:
        with new_folder(place / MODEL) as temporary:
            for name, data in model.items():
                (temporary / name).parent.mkdir(exist_ok=True)
                (temporary / name).write_bytes(data)


def _model_files(model: Path) -> list[str]:
    """Return the files of a model, with those of the epoch that validation images chose, if any."""
    is_there = (model / BEST_ON_VALIDATION).is_dir()
    folders = ["", f"{BEST_ON_VALIDATION}/"] if is_there else [""]
    return [f"{folder}{name}" for folder in folders for name in _MODEL_FILES]


def _table(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"{path}: missing, though its run is finished; copy it again") from error
