import math

import torch
from torch import Generator, Tensor

from sau.methods.glmc import mixture_consistency


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """In plain loops, float64."""
    product = sum(x * y for x, y in zip(a, b, strict=True))
    lengths = [sum(x * x for x in vector) ** 0.5 for vector in (a, b)]
    return product / (lengths[0] * lengths[1])


def oracle(z1: Tensor, p1: Tensor, z2: Tensor, p2: Tensor) -> Tensor:
    terms = [-cosine(p1[n], z2[n].detach()) - cosine(p2[n], z1[n].detach()) for n in range(len(z1))]
    return torch.stack(terms).mean()


def test_mixture_consistency_equals_the_oracle_with_stopped_gradients(generator: Generator) -> None:
    parts = list(torch.randn(4, 3, 5, generator=generator).unbind())
    plain = [part.clone().requires_grad_() for part in parts]
    slow = [part.double().requires_grad_() for part in parts]
    z1, p1, z2, p2 = plain
    found = mixture_consistency((z1, p1), (z2, p2))
    expected = oracle(*slow)
    torch.autograd.backward([found, expected])
    torch.testing.assert_close(found.double(), expected, atol=1e-6, rtol=1e-6)
    assert z1.grad is None
    assert z2.grad is None
    for mine, theirs in ((p1, slow[1]), (p2, slow[3])):
        torch.testing.assert_close(mine.grad.double(), theirs.grad, atol=1e-6, rtol=1e-5)


def test_range() -> None:
    z = torch.eye(3)
    assert mixture_consistency((z, 2 * z), (z, 5 * z)).item() == -2
    assert mixture_consistency((z, -z), (z, -z)).item() == 2


def test_vector_of_zeros_is_finite() -> None:
    zero = torch.zeros(2, 3, requires_grad=True)
    loss = mixture_consistency((zero, zero), (zero, zero))
    torch.autograd.backward(loss)
    assert loss.item() == 0
    assert zero.grad.isfinite().all()


def test_float32_under_autocast(generator: Generator) -> None:
    z1, p1, z2, p2 = torch.randn(4, 6, 8, generator=generator)
    expected = mixture_consistency((z1, p1), (z2, p2))
    with torch.autocast("cpu", torch.bfloat16):
        found = mixture_consistency((z1, p1), (z2, p2))
    assert torch.equal(found, expected)
    assert math.isfinite(found.item())
