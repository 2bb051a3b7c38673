import math

import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from sau.losses.logit_adjustment import logit_adjusted_cross_entropy
from tests.losses.conftest import Rows, assert_loss_and_gradient

LABELS = [0, 2, 2, 1]
COUNTS = [90, 7, 1]


def adjusted(rows: Rows, tau: float) -> float:
    """Menon et al., equation 10: log(1 + sum over others of (p_j / p_y)^tau exp(z_j - z_y))."""
    prior = [count / sum(COUNTS) for count in COUNTS]
    total = 0.0
    for scores, label in zip(rows, LABELS, strict=True):
        others = [
            (prior[j] / prior[label]) ** tau * math.exp(scores[j] - scores[label])
            for j in range(3)
            if j != label
        ]
        total += math.log(1 + sum(others))
    return total / len(rows)


def balanced_softmax(rows: Rows) -> float:
    """Ren et al., theorem 1: n_y exp(z_y) / sum n_j exp(z_j)."""
    total = 0.0
    for scores, label in zip(rows, LABELS, strict=True):
        terms = [count * math.exp(score) for count, score in zip(COUNTS, scores, strict=True)]
        total -= math.log(terms[label] / sum(terms))
    return total / len(rows)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 2.0])
def test_loss_equals_the_logit_adjusted_loss(tau: float, generator: Generator) -> None:
    labels, counts = torch.tensor(LABELS), torch.tensor(COUNTS)
    assert_loss_and_gradient(
        lambda logits: logit_adjusted_cross_entropy(logits, labels, counts, tau),
        lambda rows: adjusted(rows, tau),
        2 * torch.randn(4, 3, generator=generator),
    )


def test_tau_1_equals_balanced_softmax(generator: Generator) -> None:
    labels, counts = torch.tensor(LABELS), torch.tensor(COUNTS)
    assert_loss_and_gradient(
        lambda logits: logit_adjusted_cross_entropy(logits, labels, counts),
        balanced_softmax,
        2 * torch.randn(4, 3, generator=generator),
    )


@pytest.mark.parametrize("tau", [0.0, 1.0])
def test_equal_counts_change_nothing(tau: float, generator: Generator) -> None:
    logits, labels = torch.randn(4, 3, generator=generator), torch.tensor(LABELS)
    found = logit_adjusted_cross_entropy(logits, labels, torch.tensor([6, 6, 6]), tau)
    torch.testing.assert_close(found, F.cross_entropy(logits, labels))


@pytest.mark.parametrize("tau", [0.0, 1.0])
def test_class_without_images_leaves_the_gradient_finite(tau: float) -> None:
    logits = torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    counts, label = torch.tensor([4, 2, 0]), torch.tensor([1])
    loss = logit_adjusted_cross_entropy(logits, label, counts, tau)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.isfinite()
    assert gradient.isfinite().all()
    assert (gradient[0, 2] == 0) == (tau > 0)
