"""All that a grid's training runs read, and nothing else, in one folder of small files."""

import itertools
import shlex
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from sau.config import Config
from sau.core.errors import UserError
from sau.engine.settings import TrainingSettings
from sau.settings.flags import to_flags
from sau.storage import manifest
from sau.storage.folders import new_folder
from scripts.slices.early import EarlyStages
from scripts.slices.grid import Run, is_balanced
from scripts.slices.images import pack_images
from scripts.slices.jobs import PACK_MB, Job, write_jobs


def pack(config: Config, folder: Path, runs: Sequence[Run], limit_mb: float = PACK_MB) -> list[Job]:
    """Write the pack: manifests with the images that the runs need, members, and the table of jobs.

    Args:
        config: of the grid; its early stages are finished (see `make_early_stages`).
        folder: to write; there must be nothing in it yet.
        runs: in the order in which they are trained.
        limit_mb: how large the pack may be, in megabytes of 1,000,000 bytes.

    Returns the jobs, in their order.

    Raises:
        UserError: a folder that is not empty or cannot be written, or a pack that would be too
            large.
    """
    with new_folder(folder) as temporary:
        jobs = _write(config, temporary, runs)
        _refuse_large(temporary, folder, limit_mb)
    return jobs


def flags_of(settings: TrainingSettings) -> list[str]:
    """Return those settings that results depend on, as words of a command line."""
    return shlex.split(to_flags(settings, affects_result=True))


def _write(config: Config, folder: Path, runs: Sequence[Run]) -> list[Job]:
    stages, experiment = EarlyStages.of(config), config.experiment
    lists: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    ids: dict[str, set[str]] = defaultdict(set)
    for run, seed in itertools.product(runs, experiment.data_seeds):
        copies = lists[run.imbalance_factor, seed]
        for name, path in stages.members(run.imbalance_factor, seed).items():
            if name in copies or (name == "synthetic" and not is_balanced(config, run)):
                continue
            copies[name] = f"{name}-imbalance-{run.imbalance_factor}-data-seed-{seed}.parquet"
            shutil.copyfile(path, folder / copies[name])
            ids[name] |= set(manifest.read(path, "members", columns=["id"])["id"].to_pylist())
    images = {
        "train_images": pack_images(
            stages.train(), folder, "train", ids["real"] | ids["validation"]
        ),
        "test_images": pack_images(stages.test(), folder, "test", None),
        "synthetic_images": [
            name
            for place, path in enumerate(stages.synthetic() if ids["synthetic"] else [])
            for name in pack_images(path, folder, f"synthetic-{place}", ids["synthetic"])
        ],
    }
    jobs = [
        _job(config, run, data_seed, seed, lists[run.imbalance_factor, data_seed], images)
        for run in runs
        for data_seed, seed in itertools.product(experiment.data_seeds, experiment.seeds)
    ]
    write_jobs(folder, jobs)
    return jobs


def _job(
    config: Config,
    run: Run,
    data_seed: int,
    seed: int,
    lists: Mapping[str, str],
    images: Mapping[str, list[str]],
) -> Job:
    settings = config.training.settings_of(*run)
    members = [lists["real"]]
    if settings.needs_synthetic():
        members.append(lists["synthetic"])
    else:
        images = {**images, "synthetic_images": []}
    # Without a tracker's files, which are not packed up again.
    execution = to_flags(settings.replace(tracker="none"), affects_result=False)
    return Job(
        *run,
        data_seed=data_seed,
        seed=seed,
        epochs=settings.total_epochs(),
        flags=flags_of(settings),
        execution=shlex.split(execution),
        members=members,
        validation=lists["validation"],
        train_images=images["train_images"],
        test_images=images["test_images"],
        synthetic_images=images["synthetic_images"],
    )


def _refuse_large(written: Path, folder: Path, limit_mb: float) -> None:
    size = sum(path.stat().st_size for path in written.iterdir()) / 1e6
    if size > limit_mb:
        raise UserError(
            f"{folder}: the pack would be {size:.1f} MB, more than {limit_mb:g}; name fewer "
            "imbalance factors, or raise --limit-mb"
        )
