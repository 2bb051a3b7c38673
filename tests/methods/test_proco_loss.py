import math

import pytest
import torch
import torch.nn.functional as F
from scipy.special import ive
from torch import Generator, Tensor

from sau.methods.proco import log_expectations, probabilistic_contrastive_loss


def log_normaliser(kappa: Tensor, size: int) -> Tensor:
    """log C_d(kappa), without (2 pi)^(d/2), and differentiable by central differences alone."""
    order = size / 2 - 1
    value = float(kappa)
    return order * math.log(value) - math.log(ive(order, value)) - value


def oracle(
    embeddings: Tensor, labels: Tensor, means: Tensor, counts: Tensor, temperature: float
) -> float:
    """L_in, class by class."""
    size = means.shape[1]
    prior = (counts / counts.sum()).tolist()
    losses = []
    for z, label in zip(embeddings.double(), labels.tolist(), strict=True):
        terms = []
        for probability, mean in zip(prior, means.double(), strict=True):
            length = mean.norm()
            kappa = length * (size - length**2) / (1 - length**2)
            both = (kappa * mean / length + z / temperature).norm()
            ratio = log_normaliser(kappa, size) - log_normaliser(both, size)
            terms.append(probability * math.exp(ratio))
        losses.append(-math.log(terms[label] / sum(terms)))
    return sum(losses) / len(losses)


def draw(generator: Generator, size: int = 6) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    centres = F.normalize(torch.randn(3, size, generator=generator), dim=1)
    labels = torch.tensor([0, 1, 2, 2, 1, 1, 0])
    noise = 0.4 * torch.randn(7, size, generator=generator)
    lengths = torch.tensor([[0.9], [0.5], [0.2]])
    return F.normalize(centres[labels] + noise, dim=1), labels, lengths * centres, COUNTS


COUNTS = torch.tensor([9, 4, 2])


@pytest.mark.parametrize("size", [4, 6, 128])
@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_proco_loss_equals_the_oracle(size: int, temperature: float, generator: Generator) -> None:
    embeddings, labels, means, counts = draw(generator, size)
    embeddings.requires_grad_()
    loss = probabilistic_contrastive_loss(embeddings, labels, means, counts, temperature)
    assert float(loss.detach()) == pytest.approx(
        oracle(embeddings.detach(), labels, means, counts, temperature), abs=1e-5
    )
    (gradient,) = torch.autograd.grad(loss, embeddings)
    direction = torch.randn(embeddings.shape, generator=generator)
    moved = [
        oracle(embeddings.detach().double() + step * direction, labels, means, counts, temperature)
        for step in (1e-5, -1e-5)
    ]
    expected = (moved[0] - moved[1]) / 2e-5
    assert float((gradient * direction).sum()) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_proco_loss_is_the_limit_of_infinitely_many_samples(generator: Generator) -> None:
    """In three dimensions a von Mises-Fisher sample is easily drawn: its height is closed-form."""
    means = torch.tensor([[0.0, 0.0, 0.8]])
    kappa = 0.8 * (3 - 0.64) / (1 - 0.64)
    uniform = torch.rand(400_000, generator=generator).double()
    height = 1 + (uniform + (1 - uniform) * math.exp(-2 * kappa)).log() / kappa
    angle = 2 * math.pi * torch.rand(400_000, generator=generator).double()
    radius = (1 - height**2).clamp(min=0).sqrt()
    samples = torch.stack([radius * angle.cos(), radius * angle.sin(), height], dim=1)
    embeddings = F.normalize(torch.randn(5, 3, generator=generator), dim=1)
    expected = torch.exp(samples @ embeddings.double().T / 0.5).mean(dim=0).log()
    found = log_expectations(embeddings, means, 0.5)[:, 0]
    torch.testing.assert_close(found, expected, atol=0.02, rtol=0)


def test_classes_without_spread_and_without_direction(generator: Generator) -> None:
    """A point has the expectation exp(z.mu / t); equal classes differ by their prior alone."""
    embeddings, labels, _, counts = draw(generator)
    points = F.normalize(torch.randn(3, 6, generator=generator), dim=1)
    expected = embeddings.double() @ points.double().T / 0.1
    torch.testing.assert_close(
        log_expectations(embeddings, points, 0.1), expected, atol=0.01, rtol=0
    )
    embeddings.requires_grad_()
    loss = probabilistic_contrastive_loss(embeddings, labels, torch.zeros(3, 6), counts, 0.1)
    prior = (counts / counts.sum()).log()
    torch.testing.assert_close(loss, -prior[labels].mean(), atol=1e-6, rtol=0)
    (gradient,) = torch.autograd.grad(loss, embeddings)
    assert gradient.abs().max() < 1e-6


def test_means_are_constants_and_autocast_does_not_reach_the_loss(generator: Generator) -> None:
    embeddings, labels, means, counts = draw(generator)
    expected = probabilistic_contrastive_loss(embeddings, labels, means, counts, 0.1)
    means.requires_grad_()
    embeddings.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        loss = probabilistic_contrastive_loss(embeddings, labels, means, counts, 0.1)
    torch.testing.assert_close(loss, expected)
    torch.autograd.backward(loss)
    assert means.grad is None
    assert embeddings.grad is not None
