import dataclasses
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sau.core.errors import UserError
from sau.engine.loop import Run, train_epoch
from sau.engine.state import PartialEpoch, Predictions, RunState, Tally
from sau.methods import METHODS
from sau.methods.base import Step
from sau.methods.cross_entropy import CrossEntropy
from sau.pipeline.training.checkpoint import load_checkpoint, save_checkpoint
from sau.storage.part_index import INDEX_FILE
from tests.storage.limits import no_more_files
from tests.training.conftest import Inputs

ROW: dict[str, Any] = {"method": "cross_entropy", "epochs": 2, "ema_decay": 0.5}
TWO_STAGES = ROW | {"second_stage": {"method": "cross_entropy", "epochs": 2}}


class Headed(CrossEntropy):
    """Cross-entropy with what a method may have: a head that is trained, and a memory."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.head = nn.Linear(16, 3)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def loss(self, step: Step) -> dict[str, Tensor]:
        features = step.network.features(step.batch.views["v1"])
        total = (step.network.classify(features) + self.head(features)).square().mean()
        return {"total": total}

    def after_step(self, network: Any) -> None:
        self.steps += 1


@pytest.fixture(autouse=True)
def headed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "cross_entropy", Headed)


def state(epoch: int = 2) -> RunState:
    classes = torch.tensor([[0, 1], [1, 1]], dtype=torch.int32)
    last = Predictions(2, 50.0, classes[0], torch.tensor([0.1, 0.9]), torch.tensor([0.0, 0.5]))
    first = Predictions(1, 50.0, classes[1], torch.tensor([0.3, 0.2]), torch.tensor([0.3, 0.1]))
    middle = dataclasses.replace(first, epoch=1, validation_top1=100 / 3)
    tallies = [Tally(1, 0, 4, 2), Tally(1, 1, 4, 2, 1, 0)]
    return RunState(epoch, [(1, "loss/total", 1 / 3)], tallies, last, first, middle)


def all_values(run: Run) -> dict[str, Tensor]:
    """Return a copy of all weights, buffers and momenta of a run."""
    values = {
        f"{name} {key}": value.clone()
        for name, module in run.modules().items()
        for key, value in module.state_dict().items()
    }
    for place, phase in enumerate(run.phases):
        for number, parameter in enumerate(phase.optimizer.param_groups[0]["params"]):
            buffer = phase.optimizer.state[parameter].get("momentum_buffer")
            if buffer is not None:
                values[f"momentum {place} {number}"] = buffer.clone()
    return values


def train_to(run: Run, first: int, last: int) -> None:
    for epoch in range(first, last + 1):
        train_epoch(run, run.phase_of(epoch), epoch)


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_training_goes_on_bit_for_bit(epoch: int, inputs: Inputs, tmp_path: Path) -> None:
    """In the first phase, at its end, and in the second; with average, head and memory."""
    path = tmp_path / "checkpoint"
    run = inputs.assemble(seed=1, **TWO_STAGES)
    train_to(run, 1, epoch)
    save_checkpoint(path, "a", run, state(epoch))
    other = dataclasses.replace(inputs.assemble(seed=2, **TWO_STAGES), seed=1)
    loaded = load_checkpoint(path, "a", other)
    assert loaded.epoch == epoch
    train_to(run, epoch + 1, 4)
    train_to(other, epoch + 1, 4)
    expected, found = all_values(run), all_values(other)
    if epoch > 2:
        assert any(name.startswith("momentum 0") for name in expected)
    # The first phase's momentum has no part in the second.
    kept = {name for name in expected if epoch < 2 or not name.startswith("momentum 0")}
    assert kept <= set(found)
    assert all(torch.equal(expected[name], found[name]) for name in kept)
    assert any(name.startswith("average") for name in kept)
    assert expected["method0 steps"] > 0


def test_saving_changes_nothing(inputs: Inputs, tmp_path: Path) -> None:
    run = inputs.assemble(**ROW)
    train_to(run, 1, 1)
    before = all_values(run)
    save_checkpoint(tmp_path / "checkpoint", "a", run, state(1))
    after = all_values(run)
    assert set(before) == set(after)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_state_comes_back_whole(inputs: Inputs, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    run = inputs.assemble(**ROW)
    save_checkpoint(path, "a", run, state())
    loaded = load_checkpoint(path, "a", run)
    assert loaded.epoch == 2
    assert loaded.history == state().history
    assert loaded.label_correction == state().label_correction
    assert loaded.last is not None
    assert loaded.best_on_test is not None
    assert loaded.best_on_validation is not None
    assert (loaded.last.epoch, loaded.best_on_test.epoch) == (2, 1)
    assert loaded.best_on_test.validation_top1 is None
    assert loaded.best_on_validation.validation_top1 == 100 / 3
    assert torch.equal(loaded.best_on_test.predicted, torch.tensor([1, 1], dtype=torch.int32))
    assert torch.equal(loaded.last.confidence, torch.tensor([0.1, 0.9]))
    assert torch.equal(loaded.last.label_probability, torch.tensor([0.0, 0.5]))


def test_state_of_an_epoch_that_was_left_comes_back(inputs: Inputs, tmp_path: Path) -> None:
    """In the first epoch of all, and in the first of the second phase."""
    run, other = (inputs.assemble(seed=seed, **TWO_STAGES) for seed in (1, 2))
    other = dataclasses.replace(other, seed=1)
    for epoch in (1, 3):
        found = train_epoch(run, run.phase_of(epoch), epoch, due=lambda: True)
        assert isinstance(found, PartialEpoch)
        assert (found.steps, found.images, found.names) == (1, 8, ["total"])
        left = dataclasses.replace(state(), epoch=epoch - 1, partial=found)
        save_checkpoint(tmp_path / "checkpoint", "a", run, left)
        loaded = load_checkpoint(tmp_path / "checkpoint", "a", other)
        assert loaded.partial is not None
        assert loaded.progress() == f"epoch {epoch - 1} and 1 step of the next"
        assert loaded.partial.mixing == found.mixing
        assert torch.equal(loaded.partial.sums, found.sums)
        theirs = train_epoch(other, other.phase_of(epoch), epoch, loaded.partial)
        ours = train_epoch(run, run.phase_of(epoch), epoch, found)
        assert ours == theirs
        expected, values = all_values(run), all_values(other)
        place = f"momentum {epoch // 3}"
        assert any(name.startswith(place) for name in values)
        kept = [name for name in expected if not name.startswith("momentum") or place in name]
        assert all(torch.equal(expected[name], values[name]) for name in kept)
        train_to(run, epoch + 1, 2)


def test_checkpoint_of_another_identity_or_damaged_starts_afresh(
    inputs: Inputs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "checkpoint"
    save_checkpoint(path, "a", inputs.assemble(seed=1, **ROW), state())
    other = inputs.assemble(seed=2, **ROW)
    before = all_values(other)
    with caplog.at_level(logging.WARNING):
        assert load_checkpoint(path, "b", other) == RunState()
        part = next(path.glob("part-*"))
        part.write_bytes(part.read_bytes()[:50])
        assert load_checkpoint(path, "a", other) == RunState()
    assert path.with_name("checkpoint.damaged").is_dir()
    assert [record.message.split("; ")[-1] for record in caplog.records] == ["starting afresh"] * 2
    assert load_checkpoint(tmp_path / "none", "a", other) == RunState()
    after = all_values(other)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_precision_that_another_machine_has_chosen_is_named(
    inputs: Inputs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "checkpoint"
    run = inputs.assemble(**ROW, precision="auto")
    own = str(run.network.precision).removeprefix("torch.")
    elsewhere = "bfloat16" if own == "float32" else "float32"
    run.network.precision = getattr(torch, elsewhere)
    save_checkpoint(path, "a", run, state())
    with caplog.at_level(logging.WARNING):
        assert load_checkpoint(path, "b", inputs.assemble(**ROW, precision="auto")) == RunState()
    assert f"checkpoint in {elsewhere}, but training.precision auto is {own}" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        load_checkpoint(path, "b", inputs.assemble(**ROW, precision=own))
    assert "checkpoint of other settings, data or code; starting afresh" in caplog.text


def flip(path: Path) -> None:
    """Flip one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _another_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("no folder")


def _link_to_nothing(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to("gone")


WRECKS: dict[str, Callable[[Path], object]] = {
    "altered index": lambda folder: flip(folder / INDEX_FILE),
    "empty index": lambda folder: (folder / INDEX_FILE).write_text(""),
    "index that is a list": lambda folder: (folder / INDEX_FILE).write_text("[]"),
    "altered part": lambda folder: flip(next(folder.glob("part-*"))),
    "missing part": lambda folder: next(folder.glob("part-*")).unlink(),
    "file": _another_file,
    "link to nothing": _link_to_nothing,
}


@pytest.mark.parametrize("wreck", WRECKS)
def test_wreck_is_put_aside_and_the_next_one_takes_its_place(
    wreck: str, inputs: Inputs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "checkpoint"
    run = inputs.assemble(seed=1, **ROW)
    save_checkpoint(path, "a", run, state())
    WRECKS[wreck](path)
    with caplog.at_level(logging.WARNING):
        assert load_checkpoint(path, "a", run) == RunState()
    assert "put aside as checkpoint.damaged; starting afresh" in caplog.text
    assert not os.path.lexists(path)
    assert os.path.lexists(tmp_path / "checkpoint.damaged")
    save_checkpoint(path, "a", run, state())
    assert load_checkpoint(path, "a", run).epoch == 2


def test_checkpoint_that_cannot_be_had_now_stays(inputs: Inputs, tmp_path: Path) -> None:
    path, run = tmp_path / "checkpoint", inputs.assemble(seed=1, **ROW)
    save_checkpoint(path, "a", run, state())
    with pytest.raises(UserError, match="checkpoint.json: cannot be read now"), no_more_files():
        load_checkpoint(path, "a", run)
    assert load_checkpoint(path, "a", run).epoch == 2


def test_best_is_the_first_of_equals() -> None:
    run = RunState()
    empty = torch.tensor([])
    for epoch, top1 in enumerate([10.0, 30.0, 30.0, 20.0], start=1):
        run.record_predictions(Predictions(epoch, top1, empty, empty, empty))
    assert run.best_on_test is not None
    assert run.last is not None
    assert (run.best_on_test.epoch, run.last.epoch) == (2, 4)
    assert run.best_on_validation is None
