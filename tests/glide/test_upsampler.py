"""The upsampler and the cascade: what the network sees, noise, saving and loading."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from PIL import Image
from torch import Tensor

from sau.glide.arguments import seeded
from sau.glide.cascade import GlideCascadePipeline, GlideUpsamplePipeline
from sau.glide.pictures import to_bytes
from sau.glide.pipeline import GlidePipeline
from sau.glide.text_conditioned import cpu_group
from tests.glide.drawn import enlarged, pictures, samples

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
    enlarged(upsampler, small_images(), PROMPTS, [1, 2], "3", temperature=0.5)
    noise = torch.cat(
        [torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(s)) for s in (1, 2)]
    )
    assert len(seen) == 3
    torch.testing.assert_close(seen[0][:2, :3], 0.5 * noise, rtol=0, atol=1e-6)
    for inputs in seen:
        assert torch.equal(inputs[:2, 3:], upsampler.enlarged(small_images()))


def test_guidance_runs_both_texts_in_one_batch(
    upsampler: GlideUpsamplePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    forward = upsampler.unet.forward

    def recorded(sample: Tensor, *arguments: object, **keywords: object) -> object:
        sizes.append(len(sample))
        return forward(sample, *arguments, **keywords)

    monkeypatch.setattr(upsampler.unet, "forward", recorded)
    enlarged(upsampler, small_images(), PROMPTS, [1, 2], "2", guidance_scale=2.0)
    enlarged(upsampler, small_images(), PROMPTS, [1, 2], "2")
    group = cpu_group(8)
    assert sizes == [2 * group, 2 * group, group, group]


def test_images_must_match_the_prompts(upsampler: GlideUpsamplePipeline) -> None:
    with pytest.raises(ValueError, match=r"image has shape \(2, 3, 4, 4\), expected \(1, C"):
        enlarged(upsampler, small_images(), ["a cat"], [1], "2")
    with pytest.raises(ValueError, match="generator: need one, or one for each"):
        enlarged(upsampler, small_images(), PROMPTS, [1], "2")


def test_pictures_and_images_give_the_same(upsampler: GlideUpsamplePipeline) -> None:
    small = [Image.fromarray(picture) for picture in to_bytes(small_images())]
    from_pictures = upsampler(PROMPTS, small, "3", generator=seeded([1, 2]))
    from_samples = enlarged(upsampler, small_images(), PROMPTS, [1, 2], "3")
    found = np.stack([np.asarray(picture) for picture in from_pictures.images])
    assert np.array_equal(found, to_bytes(from_samples))
    assert found.shape == (2, 8, 8, 3)
    assert not np.array_equal(found[0], found[1])


def drawn_by_both(cascade: GlideCascadePipeline, **options: object) -> Tensor:
    found: Tensor = cascade(
        PROMPTS,
        "3",
        2.0,
        seeded([1, 2]),
        "latent",
        upsampler_num_inference_steps="4",
        **options,
    ).images
    return found


def test_cascade_loads_what_it_saved_and_converted_folders(
    pipeline: GlidePipeline, upsampler: GlideUpsamplePipeline, tmp_path: Path
) -> None:
    cascade = GlideCascadePipeline.of(pipeline, upsampler)
    expected = drawn_by_both(cascade)
    cascade.save_pretrained(tmp_path / "one")
    assert torch.equal(
        drawn_by_both(GlideCascadePipeline.from_pretrained(tmp_path / "one")), expected
    )
    loaded = DiffusionPipeline.from_pretrained(tmp_path / "one")
    assert type(loaded) is GlideCascadePipeline
    assert torch.equal(drawn_by_both(loaded), expected)
    pipeline.save_pretrained(tmp_path / "two")
    upsampler.save_pretrained(tmp_path / "two" / "upsampler")
    assert torch.equal(
        drawn_by_both(GlideCascadePipeline.from_pretrained(tmp_path / "two")), expected
    )
    alone = GlidePipeline.from_pretrained(tmp_path / "two")
    assert np.array_equal(
        pictures(alone, PROMPTS, [1, 2], "3"), pictures(pipeline, PROMPTS, [1, 2], "3")
    )
    with pytest.raises(ValueError, match="GlidePipeline needs"):
        GlidePipeline.from_pretrained(tmp_path / "two" / "upsampler")


def test_cascade_hands_the_samples_on(
    pipeline: GlidePipeline, upsampler: GlideUpsamplePipeline
) -> None:
    cascade = GlideCascadePipeline.of(pipeline, upsampler)
    found = drawn_by_both(cascade, upsampler_generator=seeded([8, 9]), temperature=0.9)
    small = samples(pipeline, PROMPTS, [1, 2], "3", 2.0)
    assert torch.equal(found, enlarged(upsampler, small, PROMPTS, [8, 9], "4", temperature=0.9))


def test_cascade_goes_on_with_its_generators(
    pipeline: GlidePipeline, upsampler: GlideUpsamplePipeline
) -> None:
    cascade = GlideCascadePipeline.of(pipeline, upsampler)
    assert torch.equal(drawn_by_both(cascade), drawn_by_both(cascade))
    generators = seeded([1, 2])
    small = pipeline(PROMPTS, "3", 2.0, generators, "latent").images
    expected = upsampler(PROMPTS, small, "4", generator=generators, output_type="latent").images
    assert torch.equal(drawn_by_both(cascade), expected)
