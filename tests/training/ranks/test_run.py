"""Whole runs of two processes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file

from sau.core.errors import StoppedEarlyError, UserError
from sau.engine.settings import TrainingSettings
from sau.engine.stopping import Stop
from sau.pipeline.training import stage
from sau.settings.flags import to_flags
from sau.storage.manifest import read
from sau.storage.reuse import RECORD
from tests.paths import ROOT
from tests.training.conftest import TINY, Inputs, Killed, bytes_of, kill_after
from tests.training.ranks.float64 import float64
from tests.training.ranks.pair import SIZE, Pair

WHOLE_BATCH = {"processes": SIZE, "sync_batch_norm": True}


def train_in_float64(inputs: Inputs, folder: Path, changes: dict[str, Any]) -> dict[str, Path]:
    with float64():
        return inputs.train(folder, **changes)


def assert_same_run(inputs: Inputs, folder: Path, pair: Pair, **changes: Any) -> None:
    """Compare weights, losses, accuracies and tallies with those of a single process."""
    alone = train_in_float64(inputs, folder / "alone", changes)
    arguments = inputs, folder / "both", changes | WHOLE_BATCH
    found, _ = pair.run(train_in_float64, *arguments)
    assert not found["checkpoint"].exists()
    weights = [load_file(outputs["model"] / "model.safetensors") for outputs in (alone, found)]
    assert weights[0]["encoder.conv.weight"].dtype == torch.float64
    torch.testing.assert_close(weights[1], weights[0], rtol=1e-6, atol=1e-8)
    tables = {"history": "history", "predictions": "predictions", "tallies": "label_correction"}
    for kind in tables.values():
        expected, actual = (read(outputs[kind], kind).to_pandas() for outputs in (alone, found))
        assert list(expected.columns) == list(actual.columns)
        for column in expected:
            values = expected[column].tolist()
            if expected[column].dtype.kind == "f":
                values = pytest.approx(values, rel=1e-6, abs=1e-6, nan_ok=True)
            assert actual[column].tolist() == values, f"{kind}: {column}"


def test_finished_run_is_taken_back_by_both(inputs: Inputs, tmp_path: Path, pair: Pair) -> None:
    arguments = inputs, tmp_path, {"method": "cross_entropy", "epochs": 1} | WHOLE_BATCH
    found, _ = pair.run(train_in_float64, *arguments)
    record = found["predictions"].with_suffix(".reuse") / RECORD
    before = bytes_of(found), record.stat().st_mtime_ns
    found["history"].unlink()
    pair.run(train_in_float64, *arguments)
    assert (bytes_of(found), record.stat().st_mtime_ns) == before, "trained again"


@pytest.mark.parametrize("method", ["sau", "glmc", "paco", "proco", "sure"])
def test_run_is_that_of_one_process(
    method: str, inputs: Inputs, tmp_path: Path, pair: Pair
) -> None:
    """Of those that remember most; the last batch has four images, two for each process."""
    assert_same_run(inputs, tmp_path, pair, method=method, epochs=2, batch_size=10)


@pytest.mark.parametrize(
    "changes",
    [
        {"batch_size": 22},  # the last batch has two images, too few to share
        {"view_set": "imagenet", "test_views": "flip"},
        {"ema_decay": 0.5},
        {"method": "cutmix", "swa_from": 1},
        {"method": "sure", "sharpness_radius": 0.05},
        {"options": {"search_scope": "memory", "search_backend": "torch", "prototypes": "mean"}},
        {"options": {"label_correction": "classifier", "noise_budget": 0.5}},
        {"decode": "on_demand"},
        {"second_stage": {"method": "cross_entropy", "epochs": 1}},
        {"second_stage": {"method": "max_norm", "epochs": 1, "trained": "classifier"}},
    ],
    ids=str,
)
def test_run_with_other_settings_is_that_of_one_process(
    changes: dict[str, Any], inputs: Inputs, tmp_path: Path, pair: Pair
) -> None:
    assert_same_run(inputs, tmp_path, pair, **{"epochs": 2, **changes})


def test_statistics_of_each_process_differ_and_files_are_written_once(
    inputs: Inputs, tmp_path: Path, pair: Pair
) -> None:
    alone = inputs.train(tmp_path / "alone", epochs=2)
    outputs, _ = pair.run(inputs.train, tmp_path / "both", epochs=2, processes=SIZE)
    names = {path.name for path in (tmp_path / "both").iterdir()}
    assert names == {path.name for path in (tmp_path / "alone").iterdir()}
    assert read(outputs["predictions"], "predictions").num_rows == 2 * 9
    history = [read(made["history"], "history").to_pandas() for made in (alone, outputs)]
    assert history[0]["name"].tolist() == history[1]["name"].tolist()
    # Both see the same images, in the same views, but other statistics.
    losses = [table[table["name"] == "loss/total"]["value"].tolist() for table in history]
    assert losses[1] != losses[0]
    assert losses[1] == pytest.approx(losses[0], rel=0.2)


def killed_after(epoch: int, inputs: Inputs, folder: Path, changes: dict[str, Any]) -> None:
    """Let the first process die; the other one then fails as well."""
    with pytest.MonkeyPatch.context() as patch:
        kill_after(epoch, patch)
        try:
            inputs.train(folder, **changes)
        except (Killed, RuntimeError) as error:
            died = isinstance(error, Killed)
    assert died == (os.environ["RANK"] == "0")
    dist.destroy_process_group()


@pytest.mark.parametrize("sync_batch_norm", [False, True])
def test_killed_run_ends_in_the_same_bytes(
    sync_batch_norm: bool, inputs: Inputs, tmp_path: Path, pair: Pair
) -> None:
    changes = {"epochs": 3, "processes": SIZE, "sync_batch_norm": sync_batch_norm}
    whole, _ = pair.run(inputs.train, tmp_path / "whole", **changes)
    pair.run(killed_after, 1, inputs, tmp_path / "killed", changes)
    assert not (tmp_path / "killed" / "model").exists()
    again, _ = pair.run(inputs.train, tmp_path / "killed", **changes)
    assert bytes_of(again) == bytes_of(whole)
    assert not again["checkpoint"].exists()


class StopSecond(Stop):
    """Asks to stop after so many steps, in the second process alone."""

    steps = 4

    def due(self) -> bool:
        self.steps -= 1
        return self.agree(self.steps == 0 and os.environ["RANK"] == "1")


def stopped(inputs: Inputs, folder: Path, changes: dict[str, Any]) -> str:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(StoppedEarlyError) as error:
        patch.setattr(stage, "Stop", StopSecond)
        inputs.train(folder, **changes)
    return str(error.value)


def test_stop_of_one_process_stops_all_after_the_same_step(
    inputs: Inputs, tmp_path: Path, pair: Pair
) -> None:
    """Within the second epoch of three steps; the run then ends in the bytes of one in one go."""
    changes = {"epochs": 2, "processes": SIZE}
    for message in pair.run(stopped, inputs, tmp_path / "pieces", changes):
        assert "after epoch 1 and 1 step of the next, of 2" in message
    assert [path.name for path in (tmp_path / "pieces").iterdir()] == ["checkpoint"]
    found, _ = pair.run(inputs.train, tmp_path / "pieces", **changes)
    whole, _ = pair.run(inputs.train, tmp_path / "whole", **changes)
    assert bytes_of(found) == bytes_of(whole)


def command(inputs: Inputs, folder: Path, settings: TrainingSettings) -> str:
    """Return the flags of a run on real images."""
    files = {
        "members": inputs.members[0],
        "train-images": inputs.train_images[0],
        "test-images": inputs.test_images[0],
        "predictions": folder / "predictions.parquet",
        "history": folder / "history.parquet",
        "label-correction": folder / "label_correction.parquet",
        "model": folder / "model",
        "checkpoint": folder / "checkpoint",
    }
    paths = " ".join(f"--{name} {path}" for name, path in files.items())
    return f"-m sau training {paths} --synthetic-images --seed 0 {to_flags(settings)}"


def start_torchrun(flags: str) -> subprocess.CompletedProcess[str]:
    words = f"-m torch.distributed.run --standalone --nproc-per-node {SIZE} {flags}"
    environment = {k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE")}
    return subprocess.run(
        f"{sys.executable} {words}",
        shell=True,  # the flags are quoted for one
        cwd=ROOT,
        env=environment | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )


def test_torchrun_starts_it(inputs: Inputs, tmp_path: Path) -> None:
    settings = TrainingSettings(
        **{**TINY, "method": "cross_entropy", "data": "real", "epochs": 1, "processes": SIZE}
    )
    done = start_torchrun(command(inputs, tmp_path, settings))
    assert done.returncode == 0, done.stderr
    assert read(tmp_path / "history.parquet", "history").num_rows == 3
    assert done.stderr.count("epoch 1 of 1") == 1


def refusal(inputs: Inputs, folder: Path, processes: int) -> str:
    with pytest.raises(UserError) as error:
        inputs.train(folder, processes=processes, batch_size=12)
    return str(error.value)


@pytest.mark.parametrize("processes", [1, 3])
def test_number_of_processes_unlike_the_launchers_is_refused(
    processes: int, inputs: Inputs, tmp_path: Path, pair: Pair
) -> None:
    for message in pair.run(refusal, inputs, tmp_path, processes):
        assert f"training.processes: {processes}, but 2 of them run" in message
    assert list(tmp_path.iterdir()) == []
