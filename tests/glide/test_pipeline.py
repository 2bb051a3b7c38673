"""The pipeline: seeds, guidance, the learned-range step, saving and loading."""

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.pipeline_utils import ImagePipelineOutput
from torch import Tensor

from sau.glide.arguments import OutputType, seeded
from sau.glide.cascade import GlideUpsamplePipeline
from sau.glide.pictures import from_bytes, quantise, to_bytes
from sau.glide.pipeline import GlidePipeline
from sau.glide.respacing import respaced_timesteps
from tests.glide.drawn import pictures

# The other files hold settings, in which the libraries note where a model was loaded from.
EXACT_FILES = (
    "text_encoder/diffusion_pytorch_model.safetensors",
    "unet/diffusion_pytorch_model.safetensors",
    "scheduler/scheduler_config.json",
    "tokenizer/tokenizer.json",
)
PROMPTS = ["a cat", "two dogs", ""]


def test_pictures_of_the_same_seeds_are_the_same(pipeline: GlidePipeline) -> None:
    first = pictures(pipeline, PROMPTS, [1, 2, 3], 4)
    second = pictures(pipeline, PROMPTS, [1, 2, 3], 4)
    assert first.shape == (3, 8, 8, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)
    assert not np.array_equal(first, pictures(pipeline, PROMPTS, [4, 5, 6], 4))


def test_save_and_load_round_trip(pipeline: GlidePipeline, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path / "first")
    loaded = GlidePipeline.from_pretrained(tmp_path / "first")
    expected = pictures(pipeline, PROMPTS, [1, 2, 3], 3)
    assert np.array_equal(pictures(loaded, PROMPTS, [1, 2, 3], 3), expected)
    loaded.save_pretrained(tmp_path / "second")
    for name in EXACT_FILES:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_half_precision_weights_load_as_float32(pipeline: GlidePipeline, tmp_path: Path) -> None:
    pipeline.unet.half()
    pipeline.save_pretrained(tmp_path)
    assert GlidePipeline.from_pretrained(tmp_path).unet.dtype == torch.float32


@torch.no_grad()
def test_guidance_moves_the_noise_only(pipeline: GlidePipeline) -> None:
    images = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    texts, empty = pipeline.encode(["a cat", "a dog"]), pipeline.encode(["", ""])
    conditional = pipeline.predict(images, 500, texts, 1.0)
    unconditional = pipeline.predict(images, 500, empty, 1.0)
    guided = pipeline.predict(images, 500, torch.cat([texts, empty]), 3.0)
    expected = unconditional[:, :3] + 3.0 * (conditional[:, :3] - unconditional[:, :3])
    torch.testing.assert_close(guided[:, :3], expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(guided[:, 3:], conditional[:, 3:], rtol=0, atol=1e-5)


def _kept(step: int) -> float:
    """Share of the signal's variance left after `step` + 1 training steps (0.999 cap on beta)."""
    share = 1.0
    for t in range(step + 1):
        now, after = (math.cos((u / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2 for u in (t, t + 1))
        share *= 1 - min(1 - after / now, 0.999)
    return share


def _slow_step(noisy: float, noise: float, position: float, kept: float, before: float) -> tuple:
    """Mean and variance of one reverse step for one value (Nichol and Dhariwal 2021)."""
    beta = 1 - kept / before
    clean = (noisy - math.sqrt(1 - kept) * noise) / math.sqrt(kept)
    clean = min(max(clean, -1.0), 1.0)
    mean = math.sqrt(before) * beta / (1 - kept) * clean
    mean += math.sqrt(1 - beta) * (1 - before) / (1 - kept) * noisy
    smallest = max(beta * (1 - before) / (1 - kept), 1e-20)
    fraction = (position + 1) / 2
    log_variance = fraction * math.log(beta) + (1 - fraction) * math.log(smallest)
    return mean, math.exp(log_variance)


@torch.no_grad()
def test_sampling_matches_slow_steps(pipeline: GlidePipeline) -> None:
    steps = respaced_timesteps("4")[::-1]
    hidden = pipeline.encode(["a cat", ""])
    generator = torch.Generator().manual_seed(5)
    images: Tensor = torch.randn(1, 3, 8, 8, generator=generator)
    for number, step in enumerate(steps):
        output = pipeline.predict(images, step, hidden, 2.0)[0].double().flatten().tolist()
        drawn = torch.zeros(192)
        if step > 0:
            drawn = torch.randn(1, 3, 8, 8, generator=generator).flatten()
        before = _kept(steps[number + 1]) if number + 1 < len(steps) else 1.0
        values = []
        for i, noisy in enumerate(images.flatten().tolist()):
            mean, variance = _slow_step(noisy, output[i], output[192 + i], _kept(step), before)
            values.append(mean + math.sqrt(variance) * float(drawn[i]))
        images = torch.tensor(values).view(1, 3, 8, 8)
    sampled = pictures(pipeline, ["a cat"], [5], "4", 2.0)
    assert np.abs(to_bytes(images).astype(int) - sampled.astype(int)).max() <= 1


def test_generators_must_match_the_prompts(pipeline: GlidePipeline) -> None:
    with pytest.raises(ValueError, match="generator: need one, or one for each prompt: 1 for 2"):
        pipeline(["a", "b"], 2, generator=seeded([1]))
    with pytest.raises(ValueError, match="prompt: need at least one"):
        pipeline([], 2)


def test_bytes_are_clipped_and_rounded() -> None:
    values = torch.tensor([-2.0, -1.0, 0.0, 0.999, 1.0, 2.0]).view(1, 1, 1, 6)
    assert to_bytes(values).ravel().tolist() == [0, 0, 128, 255, 255, 255]


def test_pixels_survive_the_way_through_images() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 8, 32, 1)
    assert np.array_equal(to_bytes(from_bytes(pixels)), pixels)
    assert torch.equal(quantise(from_bytes(pixels)), from_bytes(pixels))


def test_long_prompt_is_cut_and_reported_once(
    pipeline: GlidePipeline, caplog: pytest.LogCaptureFixture
) -> None:
    prompts = ["a photo of a dog", "two cats", "a photo of a cow"]
    with caplog.at_level(logging.WARNING):
        found = pictures(pipeline, prompts, [1, 1, 1], 2)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["2 of 3 prompts are longer than 12 tokens and are cut; the first loses ' dog'"]
    assert np.array_equal(found[0], found[2])


def test_text_is_encoded_once_for_each_distinct_prompt(
    pipeline: GlidePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    forward = pipeline.text_encoder.forward

    def counted(ids: Tensor, mask: Tensor) -> Tensor:
        seen.append(len(ids))
        return forward(ids, mask)

    monkeypatch.setattr(pipeline.text_encoder, "forward", counted)
    pictures(pipeline, ["a", "b", "a", "a"], [1, 2, 3, 4], 5)
    assert seen == [1, 1, 1]  # a, b and the empty prompt, at no step again


def test_upsampler_is_no_base(pipeline: GlidePipeline) -> None:
    parts = dict(pipeline.components)
    with pytest.raises(ValueError, match="has 3 input and 6 output channels; GlideUpsamplePipe"):
        GlideUpsamplePipeline(**parts)


def test_output_types_are_the_same_pictures(pipeline: GlidePipeline) -> None:
    def drawn(output_type: OutputType) -> Any:
        return pipeline(PROMPTS, 3, generator=seeded([1, 2, 3]), output_type=output_type).images

    expected = to_bytes(drawn("latent"))
    assert np.array_equal(np.stack([np.asarray(picture) for picture in drawn("pil")]), expected)
    assert np.array_equal(np.rint(drawn("np") * 255).astype(np.uint8), expected)
    assert torch.equal(drawn("pt"), torch.from_numpy(drawn("np")).permute(0, 3, 1, 2))
    assert 0 <= float(drawn("pt").min()) <= float(drawn("pt").max()) <= 1
    with pytest.raises(ValueError, match="output_type 'jpeg', expected pil, np, pt or latent"):
        pipeline("a cat", 2, output_type="jpeg")  # type: ignore[arg-type]


def test_output_is_a_tuple_if_asked_for(pipeline: GlidePipeline) -> None:
    found = pipeline("a cat", 2, generator=seeded([1]), return_dict=False)
    assert isinstance(found, tuple)
    assert [picture.size for picture in found[0]] == [(8, 8)]
    named = pipeline("a cat", num_inference_steps=2, generator=seeded([1]))
    assert isinstance(named, ImagePipelineOutput)
    assert named.images == found[0]


def test_generator_that_is_alone_draws_for_all(pipeline: GlidePipeline) -> None:
    def drawn() -> Tensor:
        generator = torch.Generator().manual_seed(4)
        found: Tensor = pipeline(["a", "a"], 2, 3.0, generator, "latent").images
        return found

    first = drawn()
    assert torch.equal(first, drawn())
    assert not torch.equal(first[0], first[1])


def test_steps_are_called_back_and_may_change_the_images(pipeline: GlidePipeline) -> None:
    seen: list[tuple[int, int]] = []

    def blank(caller: Any, index: int, timestep: int, given: dict[str, Any]) -> dict[str, Any]:
        assert caller is pipeline
        seen.append((index, timestep))
        return {"latents": torch.zeros_like(given["latents"])}

    found = pipeline(["a"], 3, 3.0, seeded([1]), "latent", callback_on_step_end=blank).images
    assert seen == list(enumerate(respaced_timesteps(3)[::-1]))
    assert torch.equal(found, torch.zeros(1, 3, 8, 8))
