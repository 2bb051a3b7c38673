import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.losses.classification import (
    soft_cross_entropy,
    weighted_binary_cross_entropy,
    weighted_cross_entropy,
)
from sau.views.mixing import mix_labels

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def probabilities(logits: Tensor) -> list[list[Tensor]]:
    """Softmax in plain loops."""
    rows = []
    for row in logits:
        powers = [torch.exp(value) for value in row]
        rows.append([value / sum(powers) for value in powers])
    return rows


def slow_cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    rows = probabilities(logits)
    terms = [-w * torch.log(row[y]) for row, y, w in zip(rows, labels, weights, strict=True)]
    return torch.stack(terms).mean()


def slow_binary(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    terms = []
    for row, y, w in zip(probabilities(logits), labels, weights, strict=True):
        for c, p in enumerate(row):
            terms.append(-w * torch.log(p if c == y else 1 - p))
    return torch.stack(terms).mean()


@pytest.mark.parametrize(
    ("fast", "slow"),
    [
        (weighted_cross_entropy, slow_cross_entropy),
        (weighted_binary_cross_entropy, slow_binary),
    ],
)
def test_loss_equals_the_oracle(fast: Loss, slow: Loss, generator: Generator) -> None:
    logits = 3 * torch.randn(6, 4, generator=generator)
    labels = torch.randint(0, 4, (6,), generator=generator)
    weights = torch.rand(6, generator=generator)
    mine = logits.clone().requires_grad_()
    theirs = logits.double().requires_grad_()
    found, expected = fast(mine, labels, weights), slow(theirs, labels, weights.double())
    torch.autograd.backward([found, expected])
    torch.testing.assert_close(found.double(), expected, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(mine.grad.double(), theirs.grad, atol=1e-6, rtol=1e-4)


def test_binary_form_is_that_of_the_published_code(generator: Generator) -> None:
    logits, labels = torch.randn(5, 3, generator=generator), torch.tensor([0, 1, 2, 2, 0])
    weights = torch.rand(5, generator=generator)
    one_hot = torch.nn.functional.one_hot(labels, 3).float()
    expected = torch.nn.functional.binary_cross_entropy(
        logits.softmax(dim=1), one_hot, weights[:, None].expand(5, 3)
    )
    torch.testing.assert_close(weighted_binary_cross_entropy(logits, labels, weights), expected)


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("loss", [weighted_cross_entropy, weighted_binary_cross_entropy])
def test_certain_predictions_are_finite(loss: Loss, right: bool) -> None:
    logits = torch.tensor([[200.0, -200.0]], requires_grad=True)
    found = loss(logits, torch.tensor([0 if right else 1]), torch.ones(1))
    torch.autograd.backward(found)
    assert math.isfinite(found.item())
    assert logits.grad.isfinite().all()
    assert (found.item() < 1e-3) == right


def test_soft_cross_entropy_equals_its_sum_and_the_hard_one(generator: Generator) -> None:
    logits = torch.randn(4, 3, generator=generator)
    labels = torch.tensor([0, 2, 1, 1])
    hard = soft_cross_entropy(logits, F.one_hot(labels, 3).float())
    torch.testing.assert_close(hard, F.cross_entropy(logits, labels))
    targets = mix_labels(labels, labels.flip(0), 0.4, 3)
    expected = 0.0
    for row in range(4):
        total = sum(np.exp(logits[row, k].item()) for k in range(3))
        for k in range(3):
            expected -= targets[row, k].item() * np.log(np.exp(logits[row, k].item()) / total) / 4
    assert soft_cross_entropy(logits, targets).item() == pytest.approx(expected, abs=1e-5)
