import pytest
import torch
from torch import Generator

from sau.methods.sure import regmixup_loss


@pytest.mark.parametrize("mixed_weight", [0.0, 0.5, 1.0])
def test_regmixup_equals_the_oracle(mixed_weight: float, generator: Generator) -> None:
    logits, mixed_logits = torch.randn(2, 4, 3, generator=generator)
    labels, weights = torch.tensor([2, 0, 1, 1]), torch.rand(4, generator=generator)
    targets = torch.rand(4, 3, generator=generator).softmax(dim=1)
    plain = [part.clone().requires_grad_() for part in (logits, mixed_logits)]
    slow = [part.double().requires_grad_() for part in (logits, mixed_logits)]

    found = regmixup_loss(plain[0], labels, weights, plain[1], targets, mixed_weight)
    expected = torch.zeros((), dtype=torch.float64)
    for n in range(4):
        of_image = slow[0][n].exp() / slow[0][n].exp().sum()
        of_mixture = slow[1][n].exp() / slow[1][n].exp().sum()
        expected = expected - weights[n].double() * of_image[labels[n]].log() / 4
        for c in range(3):
            expected = expected - mixed_weight * targets[n, c].double() * of_mixture[c].log() / 4

    torch.autograd.backward([found, expected])
    torch.testing.assert_close(found.double(), expected, atol=1e-6, rtol=1e-6)
    for mine, theirs in zip(plain, slow, strict=True):
        torch.testing.assert_close(mine.grad.double(), theirs.grad, atol=1e-6, rtol=1e-5)
