"""Curves of a run in TensorBoard, Weights & Biases or MLflow, for those who ask for them.

No result depends on them, and nothing leaves the machine unless the user has set that up: W&B sends
where WANDB_MODE is online or an API key is set, MLflow where MLFLOW_TRACKING_URI names a server.
Keys and addresses come from the environment alone; each package reads its own.
"""

import dataclasses
import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from sau.core.errors import UserError
from sau.storage.refused import explained

Recorder = Callable[[int, str, float], None]
"""Takes epoch, name and value."""

PROJECT = "sau"
"""What W&B's project and MLflow's experiment are called, unless the environment names another."""


@dataclasses.dataclass(frozen=True)
class Tracked:
    """What a tracker is told of a run.

    folder: where its files may lie.
    name: of the run, for people.
    identity: the same for a run that goes on, another for every other run.
    first_epoch: what an earlier, killed part of the run recorded from this epoch on is void.
    settings: of the training.
    """

    folder: Path
    name: str
    identity: str
    first_epoch: int
    settings: Mapping[str, Any]


class Tracker(Protocol):
    """Where values go."""

    def record(self, epoch: int, name: str, value: float) -> None:
        """Record a value."""

    def close(self) -> None:
        """Write what is left."""


@contextmanager
def recorder(tracker: str, run: Tracked) -> Iterator[Recorder]:
    """Yield a function that records values, or one that does nothing if `tracker` is none.

    Args:
        tracker: `training.tracker`.
        run: what is recorded.

    Raises:
        UserError: the tracker's package is not installed, or refuses to begin.
    """
    if tracker == "none":
        yield lambda _epoch, _name, _value: None
        return
    made = _TRACKERS[tracker](run)
    try:
        yield made.record
    finally:
        made.close()


class _TensorBoard:
    def __init__(self, run: Tracked) -> None:
        module = _package("torch.utils.tensorboard", "tensorboard", "tensorboard")
        folder = run.folder / "tensorboard"
        with explained(folder, "another results folder, or set training.tracker to none,"):
            self._writer = module.SummaryWriter(str(folder), purge_step=run.first_epoch)

    def record(self, epoch: int, name: str, value: float) -> None:
        self._writer.add_scalar(name, value, epoch)

    def close(self) -> None:
        self._writer.close()


class _WeightsAndBiases:
    def __init__(self, run: Tracked) -> None:
        wandb = _package("wandb", "wandb", "wandb")
        has_key = "WANDB_API_KEY" in os.environ
        mode = os.environ.get("WANDB_MODE") or ("online" if has_key else "offline")
        with explained(run.folder, "another results folder, or set training.tracker to none,"):
            (run.folder / "wandb").mkdir(parents=True, exist_ok=True)
        try:
            self._run = wandb.init(
                project=os.environ.get("WANDB_PROJECT", PROJECT),
                dir=run.folder,
                name=run.name,
                id=run.identity[:16],
                resume="allow",
                mode=mode,
                config=dict(run.settings),
                settings=wandb.Settings(silent=True, save_code=False, disable_git=True),
            )
        except Exception as error:
            raise _refused("wandb", error) from error

    def record(self, epoch: int, name: str, value: float) -> None:
        self._run.log({name: value, "epoch": epoch})

    def close(self) -> None:
        self._run.finish()


class _MLflow:
    def __init__(self, run: Tracked) -> None:
        client = _package("mlflow.tracking", "mlflow", "mlflow-skinny").MlflowClient
        # A file store needs no server and no database, which mlflow-skinny lacks. MLflow still
        # writes it, but only for those who say that they want it.
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        store = os.environ.get("MLFLOW_TRACKING_URI") or (run.folder / "mlflow").resolve().as_uri()
        try:
            self._client = client(tracking_uri=store)
            name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
            found = self._client.get_experiment_by_name(name)
            number = found.experiment_id if found else self._client.create_experiment(name)
            self._run = self._started(number, run)
        except Exception as error:
            raise _refused("mlflow", error) from error

    def _started(self, experiment: str, run: Tracked) -> str:
        """Return the id of the run's part that goes on, or of a new one."""
        known = self._client.search_runs([experiment], f"tags.identity = '{run.identity}'")
        if known:
            return str(known[0].info.run_id)
        tags = {"identity": run.identity}
        made = self._client.create_run(experiment, run_name=run.name, tags=tags)
        for key, value in run.settings.items():
            self._client.log_param(made.info.run_id, key, str(value)[:500])
        return str(made.info.run_id)

    def record(self, epoch: int, name: str, value: float) -> None:
        self._client.log_metric(self._run, name, value, step=epoch)

    def close(self) -> None:
        self._client.set_terminated(self._run)


_TRACKERS: dict[str, Callable[[Tracked], Tracker]] = {
    "tensorboard": _TensorBoard,
    "wandb": _WeightsAndBiases,
    "mlflow": _MLflow,
}


def _package(module: str, tracker: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UserError(
            f"training.tracker: {tracker}, but the package {package} is not installed; install it "
            f"with `pip install {package}`, or set training.tracker to none"
        ) from error


def _refused(tracker: str, error: Exception) -> UserError:
    """Say in one line why a tracker would not begin; these packages raise errors of all kinds."""
    words = " ".join(str(error).split()) or type(error).__name__
    return UserError(
        f"training.tracker: {tracker} would not begin ({words}); look at its environment "
        "variables, or set training.tracker to none"
    )
