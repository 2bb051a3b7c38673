import math

import pytest
import torch
from torch import Generator

from sau.methods.sure import confidence_weights


@pytest.mark.parametrize("temperature", [0.0, 1.0, 3.0, 50.0])
def test_confidence_weights_equal_their_definition(
    temperature: float, generator: Generator
) -> None:
    confidence = torch.rand(7, generator=generator)
    powers = [math.exp(-temperature * value) for value in confidence.tolist()]
    scaled = [len(powers) * value / sum(powers) for value in powers]
    expected = [min(max(value, 1e-4), 1) for value in scaled]
    assert confidence_weights(confidence, temperature).tolist() == pytest.approx(expected, rel=1e-5)


def test_equal_confidence_and_temperature_0_weigh_alike() -> None:
    assert confidence_weights(torch.full((3,), 0.4), 5.0).tolist() == pytest.approx([1, 1, 1])
    assert confidence_weights(torch.tensor([0.1, 0.9]), 0.0).tolist() == [1, 1]


def test_trusted_images_count_less() -> None:
    sure, unsure = confidence_weights(torch.tensor([0.99, 0.3]), 1.0).tolist()
    assert sure < unsure == 1
