import pytest
import torch
from torch import Generator, Tensor

from sau.losses.correctness_ranking import correctness_ranking_loss


def oracle(confidence: Tensor, correctness: list[float]) -> Tensor:
    """Equation 2 of Moon et al., in plain loops."""
    count = len(correctness)
    terms = []
    for i in range(count):
        j = (i + 1) % count
        if correctness[i] > correctness[j]:
            g = 1.0
        elif correctness[i] == correctness[j]:
            g = 0.0
        else:
            g = -1.0
        inner = -g * (confidence[i] - confidence[j]) + abs(correctness[i] - correctness[j])
        terms.append(torch.clamp(inner, min=0))
    return torch.stack(terms).mean()


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_correctness_ranking_equals_the_oracle(count: int, generator: Generator) -> None:
    for _ in range(10):
        confidence = torch.rand(count, generator=generator)
        correctness = torch.randint(0, 4, (count,), generator=generator) / 3
        plain = confidence.clone().requires_grad_()
        slow = confidence.double().requires_grad_()
        found = correctness_ranking_loss(plain, correctness)
        expected = oracle(slow, correctness.tolist())
        torch.autograd.backward([found, expected])
        torch.testing.assert_close(found.double(), expected, atol=1e-6, rtol=1e-6)
        torch.testing.assert_close(plain.grad.double(), slow.grad, atol=1e-6, rtol=1e-6)


def test_ranks_that_are_right_by_the_margin_cost_nothing() -> None:
    correctness = torch.tensor([0.9, 0.1])
    assert correctness_ranking_loss(torch.tensor([0.95, 0.05]), correctness).item() == 0
    wrong = correctness_ranking_loss(torch.tensor([0.05, 0.95]), correctness)
    assert wrong.item() == pytest.approx(0.8 + 0.9)


def test_loss_and_gradient_are_zero_without_a_history(generator: Generator) -> None:
    confidence = torch.rand(5, generator=generator).requires_grad_()
    loss = correctness_ranking_loss(confidence, torch.zeros(5))
    torch.autograd.backward(loss)
    assert loss.item() == 0
    assert (confidence.grad == 0).all()
