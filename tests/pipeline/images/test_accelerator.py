"""The images stage on a device that is as strict as a GPU, beside the same run on the CPU."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.accelerator import needs_accelerator, read_waits
from tests.apart import run_apart
from tests.pipeline.images.conftest import Inputs, pixels
from tests.pipeline.images.every_sampler import NAMES, STEPS, settings_of_runs
from tests.pipeline.images.strict_runs import DEVICE_RUN

pytestmark = needs_accelerator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the images of every run, on the device and on the CPU."""
    made = tmp_path_factory.mktemp("strict")
    runs = settings_of_runs(made)
    inputs = Inputs(made, ["zero", "one"])
    inputs.write_prompts(3)
    for name, settings in runs.items():
        inputs.run(name=name, **settings)
    run_apart("tests.pipeline.images.strict_runs", str(made), json.dumps(runs))
    return made


@pytest.mark.parametrize("name", NAMES)
def test_images_are_those_of_the_cpu(name: str, folder: Path) -> None:
    """But for rounding: sums of a batch of another size round in another way."""
    expected = pixels(folder / f"{name}-0.parquet").astype(int)
    found = pixels(folder / f"{name}-{DEVICE_RUN}-0.parquet").astype(int)
    difference = np.abs(found - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.005


@pytest.mark.parametrize("name", ["ancestral", "ddim", "solver", "upsampled", "learned"])
def test_steps_do_not_wait(name: str, folder: Path) -> None:
    """Not even for the noise, which the images' own generators draw on the CPU."""
    waits = read_waits(folder / f"{name}.json", within="sau.pipeline.images.glide_generator.draw")
    assert not [wait for wait, times in waits.items() if times >= STEPS - 1]
