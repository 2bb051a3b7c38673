"""The training stage on a device that is as strict as a GPU, beside the same run on the CPU."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from sau.storage.manifest import read
from tests.accelerator import needs_accelerator, read_waits
from tests.apart import run_apart
from tests.training.conftest import Inputs, outputs_in
from tests.training.strict_runs import CURIOUS, EPOCHS, RUNS, WAITS

pytestmark = needs_accelerator

STEPS = 3 * EPOCHS


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


@pytest.mark.parametrize("name", RUNS)
def test_run_is_that_of_the_cpu(name: str, inputs: Inputs, on_device: Path, tmp_path: Path) -> None:
    expected, found = inputs.train(tmp_path, **RUNS[name]), outputs_in(on_device / name)
    for kind in ("predictions", "history", "label_correction"):
        assert read(found[kind], kind).equals(read(expected[kind], kind))
    weights = [load_file(one["model"] / "model.safetensors") for one in (found, expected)]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


@pytest.mark.parametrize("name", RUNS)
def test_steps_do_not_wait_for_the_device(name: str, on_device: Path) -> None:
    """What waits once in an epoch, as for the losses' means, does so a few times in a run."""
    waits = waits_of_epochs(on_device / name)
    assert waits
    assert {wait: times for wait, times in waits.items() if times > epochs_of(RUNS[name])} == {}


@pytest.mark.parametrize("name", CURIOUS)
def test_step_that_waits_is_found(name: str, on_device: Path) -> None:
    waits = waits_of_epochs(on_device / name)
    often = {wait[0]: times for wait, times in waits.items() if times > EPOCHS}
    assert often == {"_local_scalar_dense": STEPS}
