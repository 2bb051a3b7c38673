import math

import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from sau.losses.focal import sigmoid_focal_loss
from tests.losses.conftest import Rows, assert_loss_and_gradient

LABELS = [0, 2, 2, 1]
WEIGHTS = [0.5, 1.0, 3.0]


def oracle(rows: Rows, gamma: float) -> float:
    """Cui et al., equation of CB_focal, image by image and class by class."""
    total = 0.0
    for scores, label in zip(rows, LABELS, strict=True):
        for place, score in enumerate(scores):
            signed = score if place == label else -score
            probability = 1 / (1 + math.exp(-signed))
            total -= WEIGHTS[label] * (1 - probability) ** gamma * math.log(probability)
    return total / len(rows)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_focal_loss_equals_its_definition(gamma: float, generator: Generator) -> None:
    labels, weights = torch.tensor(LABELS), torch.tensor(WEIGHTS).double()
    assert_loss_and_gradient(
        lambda logits: sigmoid_focal_loss(logits, labels, weights, gamma),
        lambda rows: oracle(rows, gamma),
        2 * torch.randn(4, 3, generator=generator),
    )


def test_gamma_0_is_binary_cross_entropy(generator: Generator) -> None:
    logits, labels = torch.randn(4, 3, generator=generator), torch.tensor(LABELS)
    targets = F.one_hot(labels, 3).float()
    expected = F.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / 4
    torch.testing.assert_close(sigmoid_focal_loss(logits, labels, torch.ones(3), 0.0), expected)


@pytest.mark.parametrize("score", [-500.0, 500.0])
@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_certain_scores_have_finite_losses_and_gradients(score: float, gamma: float) -> None:
    logits = torch.tensor([[score, -score]], requires_grad=True)
    loss = sigmoid_focal_loss(logits, torch.tensor([0]), torch.ones(2), gamma)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.isfinite()
    assert gradient.isfinite().all()
    assert loss.item() == pytest.approx(0 if score > 0 else 1000)
