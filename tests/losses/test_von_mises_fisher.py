import math

import pytest
import torch
import torch.nn.functional as F
from scipy.special import ive
from torch import Generator

from sau.losses.von_mises_fisher import (
    LARGEST_CONCENTRATION,
    concentrations,
    updated_means,
)


def test_batches_add_up_to_the_mean_of_all(generator: Generator) -> None:
    embeddings = F.normalize(torch.randn(60, 5, generator=generator), dim=1)
    labels = torch.randint(0, 3, (60,), generator=generator)
    start = torch.randn(4, 5, generator=generator)
    means, counts = start, torch.zeros(4)
    for piece in torch.split(torch.arange(60), 7):
        means, counts = updated_means(means, counts, embeddings[piece], labels[piece])
    for label in range(3):
        members = embeddings[labels == label]
        assert counts[label] == len(members)
        torch.testing.assert_close(means[label], members.mean(dim=0))
    # No image of the last class: its mean stays what it was.
    assert counts[3] == 0
    assert torch.equal(means[3], start[3])


def test_embeddings_are_constants(generator: Generator) -> None:
    embeddings = torch.randn(4, 3, generator=generator, requires_grad=True)
    labels = torch.tensor([0, 1, 1, 0])
    means, _ = updated_means(torch.zeros(2, 3), torch.zeros(2), embeddings, labels)
    assert not means.requires_grad


@pytest.mark.parametrize("size", [8, 128])
@pytest.mark.parametrize("length", [0.2, 0.6, 0.9, 0.99])
def test_concentration_gives_nearly_the_length_of_the_mean(size: int, length: float) -> None:
    """The exact one solves I_(d/2)(kappa) / I_(d/2-1)(kappa) = R."""
    mean = torch.full((1, size), length / math.sqrt(size))
    kappa = float(concentrations(mean))
    assert kappa == pytest.approx(length * (size - length**2) / (1 - length**2), rel=1e-5)
    found = ive(size / 2, kappa) / ive(size / 2 - 1, kappa)
    assert found == pytest.approx(length, rel=0.02)


def test_concentration_has_a_bound() -> None:
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.8, 0.6000001]])
    assert concentrations(points).tolist() == [0, LARGEST_CONCENTRATION, LARGEST_CONCENTRATION]
