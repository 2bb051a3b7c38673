"""Every method, and what else a run may do: on a device as strict as a GPU, killed and stopped.

Each is beside the same run on the CPU in one go, which is trained once for all tests.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from sau.methods import METHODS
from sau.storage.manifest import read
from tests.accelerator import needs_accelerator, read_waits
from tests.apart import run_apart
from tests.training.conftest import Inputs, Killed, bytes_of, kill_after, outputs_in
from tests.training.strict_runs import CURIOUS, EPOCHS, RUNS, WAITS
from tests.training.test_stopping import stop_after

STEPS = 3 * EPOCHS


class PlainRuns:
    """Runs on the CPU in one go, each of them trained when it is first asked for."""

    def __init__(self, inputs: Inputs, folder: Path) -> None:
        self._inputs, self._folder = inputs, folder
        self._made: dict[str, dict[str, Path]] = {}

    def outputs(self, name: str) -> dict[str, Path]:
        """Return the outputs of the run called `name` in `RUNS`."""
        if name not in self._made:
            self._made[name] = self._inputs.train(self._folder / name, **RUNS[name])
        return self._made[name]


@pytest.fixture(scope="module")
def plain(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> PlainRuns:
    return PlainRuns(inputs, tmp_path_factory.mktemp("plain"))


def epochs_of(settings: Mapping[str, Any]) -> int:
    return EPOCHS + sum(stage["epochs"] for stage in [settings.get("second_stage")] if stage)


@pytest.fixture(scope="module")
def on_device(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of every run, made in one other process."""
    folder = tmp_path_factory.mktemp("device")
    given = {name: list(map(str, paths)) for name, paths in vars(inputs).items() if paths}
    run_apart("tests.training.strict_runs", str(folder), json.dumps(given))
    return folder


def waits_of_epochs(folder: Path) -> Counter[tuple[str, ...]]:
    return read_waits(folder / WAITS, within="sau.engine.loop.train_epoch")


@needs_accelerator
@pytest.mark.parametrize("name", RUNS)
def test_run_is_that_of_the_cpu(name: str, plain: PlainRuns, on_device: Path) -> None:
    expected, found = plain.outputs(name), outputs_in(on_device / name)
    for kind in ("predictions", "history", "label_correction"):
        assert read(found[kind], kind).equals(read(expected[kind], kind))
    weights = [load_file(one["model"] / "model.safetensors") for one in (found, expected)]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


@needs_accelerator
@pytest.mark.parametrize("name", RUNS)
def test_steps_do_not_wait_for_the_device(name: str, on_device: Path) -> None:
    """What waits once in an epoch, as for the losses' means, does so a few times in a run."""
    waits = waits_of_epochs(on_device / name)
    assert waits
    assert {wait: times for wait, times in waits.items() if times > epochs_of(RUNS[name])} == {}


@needs_accelerator
@pytest.mark.parametrize("name", CURIOUS)
def test_step_that_waits_is_found(name: str, on_device: Path) -> None:
    waits = waits_of_epochs(on_device / name)
    often = {wait[0]: times for wait, times in waits.items() if times > EPOCHS}
    assert often == {"_local_scalar_dense": STEPS}


@pytest.mark.parametrize("method", [*METHODS, "budget", "soft"])
def test_run_that_is_killed_and_stopped_ends_in_the_same_bytes(
    method: str, inputs: Inputs, plain: PlainRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when the first epoch is over, stopped in the second after its first step."""
    settings = RUNS[method]
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(1, patch)
        inputs.train(tmp_path, **settings)
    stop_after(inputs, tmp_path, [1], monkeypatch, **settings)
    found = inputs.train(tmp_path, **settings)
    assert bytes_of(found) == bytes_of(plain.outputs(method))
    assert not found["checkpoint"].exists()
