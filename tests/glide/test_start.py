"""Runs that start from a picture: the last steps of a run, from the picture with their noise."""

import numpy as np
import pytest
import torch
from PIL import Image

from sau.assets.shipped import model_folder
from sau.glide import GlidePipeline, seeded
from sau.glide.respacing import steps_taken
from sau.glide.samplers import make_sampler, signal_shares

PROMPT = "The printed digit three."
SIDE = 16


@pytest.fixture(scope="module")
def pipeline() -> GlidePipeline:
    loaded = GlidePipeline.from_pretrained(model_folder("tiny-glide", "model"))
    loaded.set_progress_bar_config(disable=True)
    return loaded


def picture() -> torch.Tensor:
    """A picture that is brighter on its right: (1, 3, 16, 16), -1 to 1."""
    return torch.linspace(-1, 1, SIDE).expand(1, 3, SIDE, SIDE)


@pytest.mark.parametrize("sampler", ["ancestral", "ddim", "dpm-solver++"])
def test_run_is_the_last_steps_from_a_noisy_picture(pipeline: GlidePipeline, sampler: str) -> None:
    """Written out: sqrt(k) x + sqrt(1 - k) e at the first step that is taken, and its steps."""
    generator = torch.Generator().manual_seed(3)
    run = make_sampler(sampler, 6, pipeline.scheduler.config)
    share = signal_shares(pipeline.scheduler.config)[run.timesteps[3]].item()
    noise = torch.randn((1, 3, SIDE, SIDE), generator=generator)
    images = share**0.5 * picture() + (1 - share) ** 0.5 * noise
    hidden = pipeline.encode([PROMPT])
    with torch.no_grad():
        for index in (3, 4, 5):
            output = pipeline.predict(images, run.timesteps[index], hidden, 1.0)
            images = run.step(output, index, images, [generator])
    found = pipeline(
        PROMPT, 6, 1.0, seeded([3]), "latent", sampler=sampler, image=picture(), strength=0.5
    ).images
    torch.testing.assert_close(found, images)


def test_few_steps_keep_the_picture_and_all_steps_do_not(pipeline: GlidePipeline) -> None:
    """By how far pixels are from it; from noise alone hardly further than at a strength of 1."""

    def distance(**start: object) -> float:
        drawn = pipeline(PROMPT, 10, 3.0, seeded([0]), "latent", sampler="ddim", **start).images
        return float((drawn - picture()).abs().mean())

    near, middle, far = (distance(image=picture(), strength=s) for s in (0.1, 0.5, 1.0))
    assert near < middle < far
    assert far == pytest.approx(distance(), abs=0.02)


def test_pictures_may_be_those_of_pillow(pipeline: GlidePipeline) -> None:
    pixels = ((picture()[0].permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).numpy()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    samples = torch.from_numpy(pixels / np.float32(127.5) - 1).permute(2, 0, 1)[None]
    drawn = [
        pipeline(PROMPT, 4, 1.0, seeded([0]), "latent", image=one, strength=0.5).images
        for one in (image, samples)
    ]
    torch.testing.assert_close(*drawn)


def test_pictures_and_strengths_that_do_not_fit_are_refused(pipeline: GlidePipeline) -> None:
    with pytest.raises(ValueError, match="strength 0.5 without an image"):
        pipeline(PROMPT, 4, strength=0.5)
    with pytest.raises(ValueError, match=r"image has shape \(1, 3, 8, 8\), expected \(1, 3, 16"):
        pipeline(PROMPT, 4, image=picture()[:, :, ::2, ::2], strength=0.5)
    with pytest.raises(ValueError, match=r"image has shape \(1, .*, expected \(2, 3, 16, 16\)"):
        pipeline([PROMPT] * 2, 4, image=picture(), strength=0.5)


@pytest.mark.parametrize(
    ("steps", "strength", "taken"), [(20, 0.15, 3), (10, 1.0, 10), (3, 0.4, 1), (50, 0.99, 49)]
)
def test_steps_taken_are_those_that_diffusers_takes(
    steps: int, strength: float, taken: int
) -> None:
    assert steps_taken(steps, strength) == taken
    for wrong in (0.0, 1.1, -0.5, float("nan"), 0.5 / steps):
        with pytest.raises(ValueError, match="strength"):
            steps_taken(steps, wrong)
