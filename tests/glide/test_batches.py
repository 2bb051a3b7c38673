"""An image is a matter of its own seed and prompt: with the shipped model, on a CPU in float32."""

import pytest
import torch
from torch import Tensor

from sau.assets.shipped import model_folder
from sau.glide.pipeline import GlidePipeline
from sau.glide.respacing import SamplerName
from sau.glide.text_conditioned import cpu_group
from tests.glide.drawn import samples

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
COUNT = 64
PROMPTS = [f"a photo of the digit {DIGITS[number % 10]}." for number in range(COUNT)]


@pytest.fixture(scope="module")
def tiny() -> GlidePipeline:
    return GlidePipeline.from_pretrained(model_folder("tiny-glide", "model"))


def sampled(tiny: GlidePipeline, batch_size: int, count: int, sampler: SamplerName) -> Tensor:
    starts = range(0, count, batch_size)
    batches = [range(start, min(start + batch_size, count)) for start in starts]
    return torch.cat(
        [samples(tiny, [PROMPTS[i] for i in rows], rows, "3", sampler=sampler) for rows in batches]
    )


@pytest.mark.parametrize(
    ("sampler", "count"), [("ancestral", 64), ("ddim", 12), ("dpm-solver++", 12)]
)
def test_images_are_the_same_bits_in_batches_of_any_size(
    tiny: GlidePipeline, sampler: SamplerName, count: int
) -> None:
    whole = sampled(tiny, 64, count, sampler)
    assert torch.equal(sampled(tiny, 7, count, sampler), whole)
    assert torch.equal(sampled(tiny, 1, 5, sampler), whole[:5])


def test_images_are_the_same_bits_in_any_order(tiny: GlidePipeline) -> None:
    forwards = samples(tiny, PROMPTS[:10], range(10), "3")
    backwards = samples(tiny, PROMPTS[9::-1], range(9, -1, -1), "3")
    assert torch.equal(backwards.flip(0), forwards)


def test_cpu_takes_fewer_images_at_once_the_larger_they_are() -> None:
    assert [cpu_group(size) for size in (16, 32, 64, 256)] == [8, 2, 1, 1]
