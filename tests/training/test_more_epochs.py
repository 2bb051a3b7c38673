"""Epochs that are added to a run: where it goes on, and what it says where it begins again."""

import inspect
import logging
from pathlib import Path
from typing import Any

import pytest

from sau.core.errors import UserError
from sau.engine.more_epochs import BY_SHARE_OF_EPOCHS, why_not_more_epochs
from sau.methods import METHODS
from sau.methods.registry import method_class
from sau.pipeline.training import stage
from sau.pipeline.training.settings import TrainingSection
from tests.training.conftest import Inputs, Killed, bytes_of, kill_after

STEPS: dict[str, Any] = {"schedule": "step", "step_epochs": [1], "step_factor": 0.5}
CE: dict[str, Any] = {"method": "cross_entropy", **STEPS}


@pytest.fixture
def epochs_seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The epochs after which a checkpoint is saved, in their order."""
    seen: list[int] = []
    save = stage.save_checkpoint

    def watched(*arguments: Any, **more: Any) -> None:
        save(*arguments, **more)
        seen.append(arguments[-1].epoch)

    monkeypatch.setattr(stage, "save_checkpoint", watched)
    return seen


@pytest.mark.parametrize("row", [CE, {"method": "sau", **STEPS}, {**CE, "ema_decay": 0.5}])
def test_finished_run_goes_on_to_the_bytes_of_a_longer_one(
    row: dict[str, Any], inputs: Inputs, tmp_path: Path, epochs_seen: list[int]
) -> None:
    whole = bytes_of(inputs.train(tmp_path / "whole", **row, epochs=4))
    inputs.train(tmp_path / "out", **row, epochs=2, keep_checkpoint=True)
    assert (tmp_path / "out" / "checkpoint").is_dir()
    epochs_seen.clear()
    outputs = inputs.train(tmp_path / "out", **row, epochs=4)
    assert epochs_seen == [3, 4]
    assert bytes_of(outputs) == whole
    assert not (tmp_path / "out" / "checkpoint").exists()


def test_constant_rate_needs_no_steps_and_goes_on(inputs: Inputs, tmp_path: Path) -> None:
    """As the page on fine-tuning says; its steps, 160 and 180, are those of the default."""
    constant = {"method": "cross_entropy", "schedule": "step", "step_factor": 1.0}
    whole = bytes_of(inputs.train(tmp_path / "whole", **constant, epochs=2))
    inputs.train(tmp_path / "out", **constant, epochs=1, keep_checkpoint=True)
    assert bytes_of(inputs.train(tmp_path / "out", **constant, epochs=2)) == whole
    with pytest.raises(UserError, match=r"or step_factor to 1\.0 for a constant rate"):
        inputs.train(tmp_path / "none", **{**constant, "step_factor": 0.5}, epochs=2)


def test_killed_run_goes_on_with_more_epochs(
    inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bytes_of(inputs.train(tmp_path / "whole", **CE, epochs=3))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(1, patch)
        inputs.train(tmp_path / "out", **CE, epochs=2)
    assert bytes_of(inputs.train(tmp_path / "out", **CE, epochs=3)) == whole


def test_cosine_schedule_begins_again_and_says_why(
    inputs: Inputs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(1, patch)
        inputs.train(tmp_path / "out", method="cross_entropy", epochs=2)
    with caplog.at_level(logging.WARNING):
        inputs.train(tmp_path / "out", method="cross_entropy", epochs=3)
    assert "a run of 2 epochs, now 3, begins again: with schedule cosine the rate" in caplog.text


def test_finished_run_of_fewer_epochs_is_pointed_to_start_from(
    inputs: Inputs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inputs.train(tmp_path / "out", method="cross_entropy", epochs=1)
    with caplog.at_level(logging.WARNING):
        inputs.train(tmp_path / "out", method="cross_entropy", epochs=2)
    lines = [record.getMessage() for record in caplog.records if "finished" in record.getMessage()]
    assert len(lines) == 1
    assert "a finished run of 1 epochs is not gone on from: with schedule cosine" in lines[0]
    assert f"set training.start_from to a copy of {tmp_path / 'out' / 'model'}" in lines[0]
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        inputs.train(tmp_path / "out", method="cross_entropy", epochs=2, learning_rate=0.5)
    assert "finished" not in caplog.text  # other settings differ too


def test_last_epoch_that_was_measured_for_itself_is_in_the_way(
    inputs: Inputs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    row = {**CE, "evaluate_every": 2}
    whole = bytes_of(inputs.train(tmp_path / "whole", **row, epochs=4))
    inputs.train(tmp_path / "out", **row, epochs=3, keep_checkpoint=True)
    with caplog.at_level(logging.WARNING):
        outputs = inputs.train(tmp_path / "out", **row, epochs=4)
    assert "it was measured after epoch 3, its last" in caplog.text
    assert bytes_of(outputs) == whole


def test_fewer_epochs_than_are_trained_begin_again(inputs: Inputs, tmp_path: Path) -> None:
    whole = bytes_of(inputs.train(tmp_path / "whole", **CE, epochs=2))
    inputs.train(tmp_path / "out", **CE, epochs=3, keep_checkpoint=True)
    assert bytes_of(inputs.train(tmp_path / "out", **CE, epochs=2)) == whole


def test_methods_that_count_epochs_are_known() -> None:
    found = {
        name
        for name in METHODS
        if any(
            "context.epochs" in inspect.getsource(each)
            for each in method_class(name).__mro__
            if each.__module__.startswith("sau.methods")
        )
    }
    assert found == BY_SHARE_OF_EPOCHS


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"schedule": "cosine"}, "with schedule cosine"),
        ({"schedule": "linear"}, "with schedule linear"),
        ({"method": "glmc"}, "with method glmc"),
        ({"second_stage": {"epochs": 3}}, "its second phase begins"),
        ({}, ""),
    ],
)
def test_obstacles(changes: dict[str, Any], why: str) -> None:
    values = {**CE, "epochs": 4, **changes}
    if changes.get("schedule"):
        values = {"method": "cross_entropy", "epochs": 4, **changes}
    assert why_not_more_epochs(TrainingSection(**values)).startswith(why)
    if why:
        with pytest.raises(UserError, match="training.keep_checkpoint: true, but no epochs can be"):
            TrainingSection(**values, keep_checkpoint=True)
