"""Settings that a pipeline of diffusers cannot draw with are one line, before any is drawn."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    LCMScheduler,
    StableDiffusionPipeline,
)

from sau.core.errors import UserError
from sau.pipeline.images.refusals import telling_out_of_memory
from tests.pipeline.images.conftest import Inputs
from tests.pipeline.images.tiny_diffusers import save_tiny_pipeline

DDIM, LCM = DDIMScheduler(steps_offset=1), LCMScheduler()
MU = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny pipeline."""
    return Path(save_tiny_pipeline(tmp_path_factory.mktemp("diffusers") / "model"))


def refused(inputs: Inputs, model: Path, message: str, **settings: Any) -> None:
    inputs.write_prompts(3, "a {name}.")
    with pytest.raises(UserError, match=message) as raised:
        inputs.run(source="diffusers", model=str(model), **settings)
    assert "\n" not in str(raised.value)
    assert not list(inputs.folder.glob("*.batches/*"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"height": 20}, "images.height: 20, but images.width is not given"),
        ({"width": 20}, "images.width: 20, but images.height is not given"),
        ({"height": 20, "width": 24}, "images.height: 20, but StableDiffusionPipeline refuses it"),
        ({"height": 16, "width": 30}, "images.(height|width): .* set another size"),
    ],
)
def test_size_that_a_model_cannot_draw_is_refused(
    inputs: Inputs, model: Path, settings: dict[str, Any], message: str
) -> None:
    refused(inputs, model, message, **settings)


@pytest.mark.parametrize(
    ("scheduler", "steps"),
    [(DDIM, "2000"), (DDIM, "1000"), (LCM, "100"), (MU, "4")],
    ids=["more than trained", "one beyond", "more than distilled", "argument"],
)
def test_steps_that_a_scheduler_cannot_take_are_refused(
    inputs: Inputs, model: Path, tmp_path: Path, scheduler: Any, steps: str
) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(model, low_cpu_mem_usage=False)
    pipeline.scheduler = scheduler
    pipeline.save_pretrained(tmp_path / "model")
    refused(inputs, tmp_path / "model", f"images.steps: {steps}, but .* refuses", steps=steps)


def test_objections_of_a_pipeline_to_its_settings_are_one_line(
    inputs: Inputs, model: Path, tmp_path: Path
) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(model, low_cpu_mem_usage=False)
    pipeline.scheduler = DPMSolverMultistepScheduler(prediction_type="epsilon")
    pipeline.save_pretrained(tmp_path / "model")
    path = tmp_path / "model" / "scheduler" / "scheduler_config.json"
    path.write_text(path.read_text().replace('"epsilon"', '"odd"'))
    message = (
        "images: to be drawn with num_inference_steps 3, .* refuses it .* choose another model"
    )
    refused(inputs, tmp_path / "model", message)


def test_class_whose_settings_are_refused_is_told_before_others_are_drawn(
    inputs: Inputs, model: Path
) -> None:
    refused(inputs, model, "images.height: 20", per_class={"one": {"height": 20, "width": 20}})


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("x: can't allocate memory: you")])
def test_memory_of_the_machine_at_its_end_is_one_line(error: Exception) -> None:
    with pytest.raises(UserError, match="^images: out of memory "), telling_out_of_memory():
        raise error


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA"), RuntimeError("shapes")])
def test_errors_of_other_kinds_are_not_taken_for_memory(error: Exception) -> None:
    with pytest.raises(type(error)), telling_out_of_memory():
        raise error


def test_picture_too_large_for_the_machine_is_one_line(inputs: Inputs, model: Path) -> None:
    refused(inputs, model, "images: out of memory .*", height=8 * 2**24, width=8 * 2**16)
