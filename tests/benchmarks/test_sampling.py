"""The plain loop that generation is timed against draws what the port draws."""

import torch

from benchmarks.generation import flops_of_image, time_by_kind
from benchmarks.random_glide import random_pipeline
from benchmarks.reference.sampling import draw_one_by_one
from tests.glide.drawn import samples

PROMPTS, SEEDS = ["a cat", "two dogs", "a cat"], [3, 1, 4]


def test_samplers_draw_the_same_images() -> None:
    pipeline = random_pipeline("small")
    expected = draw_one_by_one(pipeline, PROMPTS, SEEDS, "4", 3.0)
    found = samples(pipeline, PROMPTS, SEEDS, "4", 3.0)
    assert float(found.std()) > 0.1
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


def test_work_grows_with_the_steps_and_not_by_the_text() -> None:
    """Each step costs the same; the text is counted once."""
    pipeline = random_pipeline("small")
    one, two, four = (flops_of_image(pipeline, steps) for steps in (1, 2, 4))
    assert four - two == 2 * (two - one)
    assert 0 < two - one < one


def test_shares_of_the_time_sum_to_one() -> None:
    pipeline = random_pipeline("small")
    shares = time_by_kind(lambda: samples(pipeline, ["x"], [0], "1", 1.0), torch.device("cpu"))
    assert abs(sum(shares.values()) - 1) < 1e-9
    assert min(shares["convolution"], shares["normalisation"], shares["matrix product"]) > 0
