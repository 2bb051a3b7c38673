"""Training on a GPU, beside the same runs on the CPU: `python -m pytest -m gpu`."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from sau.engine.step import take_step
from sau.losses.contrastive import NoiseStrategy
from sau.methods.base import Losses
from sau.storage.manifest import read
from tests.compilers import needs_compiler
from tests.losses.contrastive_cases import Case, draw, every_strategy
from tests.training.conftest import Inputs, assert_goes_on, bytes_of
from tests.training.strict_runs import BALANCED, RUNS
from tests.waits import refuse_waits, without_waiting

pytestmark = pytest.mark.gpu

GPU = "cuda"
STEP, VIEW = "sau.engine.loop.take_step", "sau.data.batches.view"


def first_losses(outputs: dict[str, Path]) -> dict[str, float]:
    """Return the mean of each loss over the first epoch, before rounding leads runs apart."""
    rows: list[dict[str, Any]] = read(outputs["history"], "history").to_pylist()
    first = [row for row in rows if row["epoch"] == 1 and row["name"].startswith("loss/")]
    assert first
    return {row["name"]: row["value"] for row in first}


@pytest.mark.parametrize("name", RUNS)
def test_losses_are_those_of_the_cpu(name: str, inputs: Inputs, tmp_path: Path) -> None:
    expected = first_losses(inputs.train(tmp_path / "cpu", **RUNS[name]))
    found = first_losses(inputs.train(tmp_path / "gpu", **RUNS[name], device=GPU))
    assert found == pytest.approx(expected, rel=0.01, abs=0.001)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", RUNS)
def test_run_of_the_same_seed_gives_the_same_bytes(
    name: str, precision: str, inputs: Inputs, tmp_path: Path
) -> None:
    settings = RUNS[name] | {"device": GPU, "precision": precision}
    one, other = (inputs.train(tmp_path / place, **settings) for place in ("one", "other"))
    assert bytes_of(one) == bytes_of(other)


@pytest.mark.parametrize("name", RUNS)
def test_bfloat16_is_near_float32(name: str, inputs: Inputs, tmp_path: Path) -> None:
    exact = first_losses(inputs.train(tmp_path / "exact", **RUNS[name], device=GPU))
    settings = RUNS[name] | {"device": GPU, "precision": "bfloat16"}
    rounded = first_losses(inputs.train(tmp_path / "rounded", **settings))
    assert rounded["loss/total"] == pytest.approx(exact["loss/total"], rel=0.25)
    assert rounded != exact


def test_run_that_was_killed_goes_on(
    inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = BALANCED | {"method": "sau", "ema_decay": 0.9, "device": GPU}
    assert_goes_on(inputs, tmp_path, monkeypatch, 1, **settings)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", RUNS)
def test_views_and_steps_do_not_wait_for_the_gpu(
    name: str, precision: str, inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_waits(monkeypatch, STEP)
    refuse_waits(monkeypatch, VIEW)
    inputs.train(tmp_path, **RUNS[name], device=GPU, precision=precision)


def test_step_that_waits_is_found(
    inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above could not fail otherwise."""

    def curious(*given: Any, **named: Any) -> Losses:
        losses = take_step(*given, **named)
        assert losses["total"].item() > 0
        return losses

    monkeypatch.setattr(STEP, curious)
    refuse_waits(monkeypatch, STEP)
    with pytest.raises(RuntimeError, match="synchronizing"):
        inputs.train(tmp_path, **RUNS["cross_entropy"], device=GPU)


@needs_compiler("cuda")
@pytest.mark.slow
@pytest.mark.parametrize("mode", ["default", "reduce-overhead"])
@pytest.mark.parametrize("name", ["cross_entropy", "sau", "memory", "paco"])
def test_compiled_runs_are_near_the_others(
    name: str, mode: str, inputs: Inputs, tmp_path: Path
) -> None:
    plain = first_losses(inputs.train(tmp_path / "plain", **RUNS[name], device=GPU))
    settings = RUNS[name] | {"device": GPU, "compile": mode}
    compiled = first_losses(inputs.train(tmp_path / "compiled", **settings))
    assert compiled == pytest.approx(plain, rel=0.01, abs=0.001)


def loss_on(
    device: str, case: Case, strategy: NoiseStrategy, autocast: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Return loss, noise mask and the gradient of the features, all of them on `device`."""
    moved = Case(**{name: value.to(device) for name, value in vars(case).items()})
    moved.features.requires_grad_()
    with torch.autocast(device, torch.bfloat16, enabled=autocast):
        loss, noise = moved.loss(strategy, neighbours=3)
    return loss.detach(), noise, torch.autograd.grad(loss, moved.features)[0]


@every_strategy
@pytest.mark.parametrize("autocast", [False, True])
def test_contrastive_loss_is_that_of_the_cpu(
    strategy: NoiseStrategy, autocast: bool, generator: Generator
) -> None:
    """Under autocast to bfloat16 too."""
    for count, classes in [(9, 3), (128, 10), (1024, 100)]:
        case = draw(generator, count, classes, 0.5, 0.5)
        expected = loss_on("cpu", case, strategy)
        found = loss_on(GPU, case, strategy, autocast)
        torch.testing.assert_close(found[0].cpu(), expected[0], atol=1e-5, rtol=1e-5)
        assert torch.equal(found[1].cpu(), expected[1])
        torch.testing.assert_close(found[2].cpu(), expected[2], atol=1e-4, rtol=0)


@every_strategy
def test_contrastive_loss_and_its_gradient_do_not_wait(
    strategy: NoiseStrategy, generator: Generator
) -> None:
    case = draw(generator, 128, 10, 0.5, 0.5)
    case = Case(**{name: value.to(GPU) for name, value in vars(case).items()})
    case.features.requires_grad_()
    strict = without_waiting(lambda: torch.autograd.backward(case.loss(strategy)[0]))
    strict()
    strict()
