import sys
from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.pipeline.training.trackers import Tracked, recorder
from sau.storage.manifest import read
from tests.training.conftest import Inputs

PACKAGES = {"tensorboard": "torch.utils.tensorboard", "wandb": "wandb", "mlflow": "mlflow.tracking"}


@pytest.fixture(autouse=True)
def nothing_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_API_KEY", "WANDB_MODE", "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)


def tracked(folder: Path, identity: str = "a" * 64, first_epoch: int = 1) -> Tracked:
    return Tracked(folder, "sau 0", identity, first_epoch, {"epochs": 3, "method": "sau"})


def test_tensorboard_holds_every_value(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with recorder("tensorboard", tracked(tmp_path)) as record:
        for epoch in (1, 2, 3):
            record(epoch, "test/top1", 10.0 * epoch)

    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("test/top1")] == [(1, 10), (2, 20), (3, 30)]


def test_wandb_writes_offline_unless_it_is_set_up(tmp_path: Path) -> None:
    pytest.importorskip("wandb")

    with recorder("wandb", tracked(tmp_path)) as record:
        record(1, "test/top1", 10.0)

    (folder,) = (tmp_path / "wandb").glob("offline-run-*")
    assert list(folder.glob("*.wandb"))


def test_mlflow_holds_every_value_and_goes_on_with_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking = pytest.importorskip("mlflow.tracking")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")

    for epochs in ((1, 2), (3,)):
        with recorder("mlflow", tracked(tmp_path, first_epoch=epochs[0])) as record:
            for epoch in epochs:
                record(epoch, "test/top1", 10.0 * epoch)
    with recorder("mlflow", tracked(tmp_path, "b" * 64)) as record:
        record(1, "test/top1", 50.0)

    client = tracking.MlflowClient(tracking_uri=(tmp_path / "mlflow").as_uri())
    runs = client.search_runs([client.get_experiment_by_name("sau").experiment_id])
    found = {
        run.data.tags["identity"][0]: [
            (value.step, value.value)
            for value in client.get_metric_history(run.info.run_id, "test/top1")
        ]
        for run in runs
    }
    assert found == {"a": [(1, 10), (2, 20), (3, 30)], "b": [(1, 50)]}
    assert {run.data.params["epochs"] for run in runs} == {"3"}


def test_no_tracker_writes_nothing(tmp_path: Path) -> None:
    with recorder("none", tracked(tmp_path)) as record:
        record(1, "test/top1", 10.0)

    assert not list(tmp_path.iterdir())


def test_tracker_changes_no_result(inputs: Inputs, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    changes = {"epochs": 1, "method": "cross_entropy"}

    outputs = inputs.train(tmp_path / "with", **changes, tracker="tensorboard")
    plain = inputs.train(tmp_path / "without", **changes)

    assert list((tmp_path / "with" / "tensorboard").glob("events*"))
    for kind in ("history", "predictions"):
        assert read(outputs[kind], kind).equals(read(plain[kind], kind))


@pytest.mark.parametrize(
    ("tracker", "package"),
    [("tensorboard", "tensorboard"), ("wandb", "wandb"), ("mlflow", "mlflow-skinny")],
)
def test_tracker_that_is_missing_is_named(
    tracker: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, PACKAGES[tracker], None)
    with (
        pytest.raises(UserError, match=f"install it with `pip install {package}`, or set"),
        recorder(tracker, tracked(tmp_path)),
    ):
        pass


def test_tracker_that_will_not_begin_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow.tracking")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://nowhere")
    with (
        pytest.raises(UserError, match="training.tracker: mlflow would not begin"),
        recorder("mlflow", tracked(tmp_path)),
    ):
        pass
