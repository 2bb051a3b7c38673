"""Images drawn on a GPU, beside the same ones of the CPU: `python -m pytest -m gpu`."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.compilers import needs_compiler
from tests.pipeline.images.conftest import Inputs, pixels
from tests.pipeline.images.every_sampler import NAMES, settings_of_runs

pytestmark = pytest.mark.gpu

GPU = {"device": "cuda"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The settings of every run, with the models that they need."""
    return settings_of_runs(tmp_path_factory.mktemp("models"))


def differences(one: Path, other: Path) -> npt.NDArray[np.int64]:
    """Return by how many of 255 levels the pictures of two files differ, value by value."""
    return np.abs(pixels(one).astype(int) - pixels(other).astype(int))


def assert_near(one: Path, other: Path) -> None:
    """Check that the pictures of two files differ by no more than rounding, which steps amplify."""
    found = differences(one, other)
    assert (found > 1).mean() < 0.005
    assert found.max() <= 8


@pytest.mark.parametrize("name", NAMES)
def test_images_are_those_of_the_cpu(
    name: str, inputs: Inputs, runs: dict[str, dict[str, Any]]
) -> None:
    """But for rounding, which grows from step to step."""
    assert_near(inputs.run(**runs[name]), inputs.run(name="gpu", **runs[name], **GPU))


@pytest.mark.parametrize("name", NAMES)
def test_command_draws_the_same_bytes_again(
    name: str, inputs: Inputs, runs: dict[str, dict[str, Any]]
) -> None:
    one, other = (inputs.run(name=place, **runs[name], **GPU) for place in ("one", "other"))
    assert np.array_equal(pixels(one), pixels(other))


@pytest.mark.parametrize("batch_size", [1, 2, 64])
@pytest.mark.parametrize("name", NAMES)
def test_image_is_nearly_the_same_in_any_batch(
    name: str, batch_size: int, inputs: Inputs, runs: dict[str, dict[str, Any]]
) -> None:
    """Kernels of batches of another size may sum in another order, so no equal bits."""
    settings = runs[name] | GPU
    whole = inputs.run(**settings, batch_size=7)
    assert_near(whole, inputs.run(name="parts", **settings, batch_size=batch_size))


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", NAMES)
def test_low_precision_draws_nearly_the_same(
    name: str, precision: str, inputs: Inputs, runs: dict[str, dict[str, Any]]
) -> None:
    settings = runs[name] | GPU
    exact, rounded = inputs.run(**settings), inputs.run(name="low", **settings, precision=precision)
    assert 0 < differences(exact, rounded).mean() < 8


@needs_compiler("cuda")
@pytest.mark.slow
@pytest.mark.parametrize("mode", ["default", "reduce-overhead"])
@pytest.mark.parametrize("name", NAMES)
def test_compiled_networks_draw_nearly_the_same(
    name: str, mode: str, inputs: Inputs, runs: dict[str, dict[str, Any]]
) -> None:
    settings = runs[name] | GPU
    assert_near(inputs.run(**settings), inputs.run(name="fast", **settings, compile=mode))
