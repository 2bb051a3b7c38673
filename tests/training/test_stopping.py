"""Runs that are told to stop, and go on as if they had not."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sau.__main__ import main
from sau.core.errors import StoppedEarlyError
from sau.core.signals import handled
from sau.engine import stopping
from sau.engine.stopping import Stop
from sau.pipeline.training import stage
from sau.pipeline.training.settings import TrainingSection
from sau.settings.flags import to_flags
from sau.storage.part_index import INDEX_FILE, read_about
from tests.forks import TORCH, python
from tests.paths import ROOT
from tests.training.conftest import TINY, Inputs, bytes_of

STEPS = 3
"""Of an epoch of the tiny balanced set: 24 images in batches of 8."""


class StopAfter(Stop):
    """Stops a run after so many steps, whatever the time, as if by a signal."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps

    def due(self) -> bool:
        self.steps -= 1
        return self.steps == 0

    def before_epoch(self) -> bool:
        return False


def stop_after(
    inputs: Inputs,
    folder: Path,
    steps: Sequence[int],
    monkeypatch: pytest.MonkeyPatch,
    **changes: Any,
) -> None:
    """Start a run once for each number of steps, and stop it after them."""
    for count in steps:
        with monkeypatch.context() as patch, pytest.raises(StoppedEarlyError):
            patch.setattr(stage, "Stop", lambda _, count=count: StopAfter(count))
            inputs.train(folder, **changes)
        assert [path.name for path in folder.iterdir()] == ["checkpoint"]


def train_in_pieces(
    inputs: Inputs,
    folder: Path,
    steps: Sequence[int],
    monkeypatch: pytest.MonkeyPatch,
    **changes: Any,
) -> dict[str, Path]:
    """Stop a run after each number of steps, then let it end."""
    stop_after(inputs, folder, steps, monkeypatch, **changes)
    return inputs.train(folder, **changes)


def test_tiny_set_has_as_many_steps_as_these_tests_believe(inputs: Inputs) -> None:
    assert len(inputs.assemble().phases[0].data.ids) == STEPS * TINY["batch_size"]


@pytest.mark.parametrize(
    "changes",
    [
        {"options": {"search_scope": "memory", "neighbours": 3}},
        {"options": {"search_scope": "memory", "search_backend": "faiss"}},
        {"options": {"contrastive_weight": 0}},
        {"sharpness_radius": 0.05},
        {"ema_decay": 0.5},
        {
            "swa_from": 2,
            "method": "cross_entropy",
            "second_stage": {"method": "max_norm", "epochs": 2, "trained": "classifier"},
        },
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_state_of_a_run_comes_back(
    changes: dict[str, Any], inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"method": "sau", "epochs": 3} | changes
    pieces = (2, STEPS, STEPS + 1)
    found = train_in_pieces(inputs, tmp_path / "pieces", pieces, monkeypatch, **settings)
    assert bytes_of(found) == bytes_of(inputs.train(tmp_path / "whole", **settings))


def test_checkpoint_says_how_far_the_run_is(
    inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "Stop", lambda _: StopAfter(STEPS + 2))
    with pytest.raises(StoppedEarlyError) as stopped:
        inputs.train(tmp_path)
    assert str(stopped.value) == (
        "stopped by SIGTERM after epoch 1 and 2 steps of the next, of 4; the same command goes on "
        f"from {tmp_path / 'checkpoint'}"
    )
    about = read_about(tmp_path / "checkpoint")
    assert (about["epoch"], about["epochs"], about["partial"]["steps"]) == (1, 4, 2)


class Clock:
    """Stands for the module `time`."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_epoch_that_would_end_after_the_limit_does_not_begin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(stopping, "time", clock)
    stop = Stop(10.25)
    begun = 0
    for seconds in (2, 4, 0.5, 3, 3):
        if stop.before_epoch():
            break
        begun += 1
        clock.now += seconds
        assert not stop.due()
        stop.end_epoch()
    # After 6.5 seconds, 3.75 are left, and the longest epoch so far took 4.
    assert begun == 3
    clock.now = 110.25
    assert stop.due()


def test_run_without_a_limit_stops_for_a_signal_alone() -> None:
    stop = Stop()
    before = signal.getsignal(signal.SIGTERM)
    with handled(stop.ask):
        assert not stop.before_epoch()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.due()
        assert stop.before_epoch()
        assert stop.reason == "SIGTERM"
    assert signal.getsignal(signal.SIGTERM) is before


def words_of(inputs: Inputs, folder: Path, **changes: Any) -> list[str]:
    """Return the command line of a tiny run."""
    settings = TrainingSection(**{**TINY, **changes})
    words = ["training", "--seed", "0"]
    for name, paths in inputs.of(settings).items():
        if name != "validation":
            words += [f"--{name.replace('_', '-')}", *map(str, paths)]
    for name in ("predictions", "history", "label_correction"):
        words += [f"--{name.replace('_', '-')}", str(folder / f"{name}.parquet")]
    words += ["--model", str(folder / "model"), "--checkpoint", str(folder / "checkpoint")]
    return [*words, *shlex.split(to_flags(settings))]


def test_limit_of_no_time_is_said_in_one_line(
    inputs: Inputs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words_of(inputs, tmp_path), "--stop-after", "0"]) == 75
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "stopped by" in line]
    assert line.startswith("sau training: stopped by the time limit after epoch 0, of 4; the same ")
    assert list(tmp_path.iterdir()) == []


def test_real_sigterm_ends_the_process_soon_and_the_same_command_goes_on(
    inputs: Inputs, tmp_path: Path
) -> None:
    """Some schedulers send it 30 seconds before they kill."""
    epochs = 30
    words = ["-m", "sau"]
    words += words_of(inputs, tmp_path / "killed", epochs=epochs, learning_rate=0.001)
    process = subprocess.Popen([sys.executable, *words], stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "killed" / "checkpoint" / INDEX_FILE).exists():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.001)
    process.terminate()
    errors = process.communicate(timeout=30)[1]
    assert process.returncode == 75, errors
    assert "stopped by SIGTERM after epoch " in errors
    assert "Traceback" not in errors
    assert [path.name for path in (tmp_path / "killed").iterdir()] == ["checkpoint"]
    assert read_about(tmp_path / "killed" / "checkpoint")["epoch"] < epochs
    done = python(ROOT, *words, preloaded=TORCH)
    assert done.returncode == 0, done.stderr
    assert "going on after epoch " in done.stderr
    whole = inputs.train(tmp_path / "whole", epochs=epochs, learning_rate=0.001)
    again = {name: tmp_path / "killed" / path.name for name, path in whole.items()}
    assert bytes_of(again) == bytes_of(whole)


def test_progress_counts_the_steps_of_the_whole_run_and_goes_on_where_it_was(
    inputs: Inputs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two epochs on 24 images, then a second phase of one epoch on the real ones."""
    second = {"method": "cross_entropy", "data": "real", "epochs": 1}
    real = inputs.assemble(epochs=2, second_stage=second).phases[1].steps_of_an_epoch()
    total = 2 * STEPS + real
    assert 0 < real < STEPS
    settings = {"method": "cross_entropy", "epochs": 2, "second_stage": second}
    train_in_pieces(inputs, tmp_path, [STEPS + 1], monkeypatch, **settings)
    shown = capsys.readouterr().err
    assert f"| 0/{total} [00:00<?" in shown
    assert f"| {STEPS + 1}/{total} [00:00<?" in shown, "the second bar does not begin there"
    assert f"| {total}/{total} [" in shown
