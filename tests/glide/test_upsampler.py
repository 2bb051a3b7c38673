"""The upsampler and the cascade: what the network sees, noise, saving and loading."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from sau.core.random_streams import derive_seed
from sau.glide import conditioned
from sau.glide.cascade import GlideCascade
from sau.glide.pipeline import GlidePipeline
from sau.glide.upsampler import GlideUpsamplePipeline

PROMPTS = ["a cat", "two dogs"]


def small_images() -> Tensor:
    return torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1


def slow_bilinear(image: Tensor, size: int) -> Tensor:
    """Bilinear resize of (H, W) to (size, size), corners not aligned."""
    height, width = image.shape
    result = torch.zeros(size, size)
    for row in range(size):
        for column in range(size):
            y = min(max((row + 0.5) * height / size - 0.5, 0), height - 1)
            x = min(max((column + 0.5) * width / size - 0.5, 0), width - 1)
            top, left = int(y), int(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            up, near = y - top, x - left
            result[row, column] = (1 - up) * (
                (1 - near) * image[top, left] + near * image[top, right]
            ) + up * ((1 - near) * image[bottom, left] + near * image[bottom, right])
    return result


def test_small_images_are_rounded_to_bytes_and_resized(upsampler: GlideUpsamplePipeline) -> None:
    small = small_images()
    small[0, 0, 0, 0] = 1.3  # clipped, as a byte would be
    rounded = torch.round((small.clamp(-1, 1) + 1) * 127.5) / 127.5 - 1
    assert not torch.allclose(rounded, small, atol=1e-3)
    expected = torch.stack([torch.stack([slow_bilinear(c, 8) for c in image]) for image in rounded])
    torch.testing.assert_close(upsampler.enlarged(small), expected, rtol=0, atol=1e-6)


def test_network_sees_the_noisy_image_first(
    upsampler: GlideUpsamplePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Tensor] = []
    forward = upsampler.unet.forward

    def recorded(sample: Tensor, *arguments: object, **keywords: object) -> object:
        seen.append(sample)
        return forward(sample, *arguments, **keywords)

    monkeypatch.setattr(upsampler.unet, "forward", recorded)
    monkeypatch.setattr(conditioned, "CPU_GROUP_PIXELS", 2 * 8 * 8)
    upsampler.sample(small_images(), PROMPTS, [1, 2], "3", temperature=0.5)
    noise = torch.cat(
        [torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(s)) for s in (1, 2)]
    )
    torch.testing.assert_close(seen[0][:, :3], 0.5 * noise, rtol=0, atol=1e-6)
    for inputs in seen:
        assert torch.equal(inputs[:, 3:], upsampler.enlarged(small_images()))


def test_guidance_runs_both_texts_in_one_batch(
    upsampler: GlideUpsamplePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    forward = upsampler.unet.forward

    def recorded(sample: Tensor, *arguments: object, **keywords: object) -> object:
        sizes.append(len(sample))
        return forward(sample, *arguments, **keywords)

    monkeypatch.setattr(upsampler.unet, "forward", recorded)
    monkeypatch.setattr(conditioned, "CPU_GROUP_PIXELS", 2 * 8 * 8)
    upsampler.sample(small_images(), PROMPTS, [1, 2], "2", guidance_scale=2.0)
    upsampler.sample(small_images(), PROMPTS, [1, 2], "2")
    assert sizes == [4, 4, 2, 2]


def test_images_must_match_the_prompts(upsampler: GlideUpsamplePipeline) -> None:
    with pytest.raises(ValueError, match=r"images \(2, 3, 4, 4\) must be \(1, C, h, w\)"):
        upsampler.sample(small_images(), ["a cat"], [1])
    with pytest.raises(ValueError, match="need one seed per prompt"):
        upsampler.sample(small_images(), PROMPTS, [1])


def test_pictures_and_images_give_the_same(upsampler: GlideUpsamplePipeline) -> None:
    pixels = np.arange(96, dtype=np.uint8).reshape(2, 4, 4, 3)
    found = upsampler(pixels, PROMPTS, [1, 2], "3")
    assert found.shape == (2, 8, 8, 3)
    assert found.dtype == np.uint8
    assert not np.array_equal(found, upsampler(pixels[::-1], PROMPTS, [1, 2], "3"))


def test_save_and_load_of_both(
    pipeline: GlidePipeline, upsampler: GlideUpsamplePipeline, tmp_path: Path
) -> None:
    cascade = GlideCascade(pipeline, upsampler)
    cascade.save_pretrained(tmp_path)
    options = {"respacing": "3", "upsampler_respacing": "3"}
    expected = cascade(PROMPTS, [1, 2], **options)
    assert np.array_equal(
        GlideCascade.from_pretrained(tmp_path)(PROMPTS, [1, 2], **options), expected
    )
    alone = GlidePipeline.from_pretrained(tmp_path)
    assert np.array_equal(alone(PROMPTS, [1, 2], "3"), pipeline(PROMPTS, [1, 2], "3"))
    with pytest.raises(ValueError, match="GlidePipeline needs"):
        GlidePipeline.from_pretrained(tmp_path / "upsampler")


def test_cascade_hands_the_samples_on(
    pipeline: GlidePipeline, upsampler: GlideUpsamplePipeline
) -> None:
    cascade = GlideCascade(pipeline, upsampler)
    found = cascade.sample(PROMPTS, [1, 2], "3", 2.0, upsampler_respacing="4", temperature=0.9)
    small = pipeline.sample(PROMPTS, [1, 2], "3", 2.0)
    seeds = [derive_seed("images", "upsampler", seed) for seed in (1, 2)]
    expected = upsampler.sample(small, PROMPTS, seeds, "4", temperature=0.9)
    assert torch.equal(found, expected)
