import dataclasses

import pytest
import torch
from torch import Generator

from sau.losses.contrastive import NoiseStrategy
from tests.losses.contrastive_cases import draw, every_strategy


@every_strategy
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_autocast_does_not_reach_the_loss(
    strategy: NoiseStrategy, dtype: torch.dtype, generator: Generator
) -> None:
    case = draw(generator, 9, 3, 0.5, 0.5)
    case.features = case.features.to(dtype)
    exact, _ = dataclasses.replace(case, features=case.features.float()).loss(strategy)
    case.features.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        loss, _ = case.loss(strategy)
    torch.autograd.backward(loss)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, exact, atol=1e-5, rtol=0)
    assert case.features.grad is not None
    assert case.features.grad.dtype == dtype


@every_strategy
@pytest.mark.parametrize("temperature", [0.01, 0.001])
def test_low_temperatures_do_not_overflow(
    strategy: NoiseStrategy, temperature: float, generator: Generator
) -> None:
    case = draw(generator, 9, 3, 0.5, 0.5)
    case.features.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        loss, noise = case.loss(strategy, temperature=temperature)
    # exp(1 / 0.001) is beyond float64 too: the oracle's logarithms, by hand.
    vectors = torch.cat([case.features, case.prototypes]).double().flatten(0, 1)
    scaled = vectors @ vectors.T / temperature
    groups = torch.cat([torch.where(noise, 3 + torch.arange(9), case.labels), torch.arange(3)])
    groups, absent = groups.repeat_interleave(2), torch.eye(24, dtype=torch.bool)
    is_noise = (groups >= 3).clone()
    if strategy == "drop":
        absent = absent | is_noise
    positive = (groups[:, None] == groups) & ~torch.eye(24, dtype=torch.bool)
    mean = (scaled * positive).sum(dim=1) / positive.sum(dim=1)
    rows = scaled.masked_fill(absent, -torch.inf).logsumexp(dim=1) - mean
    expected = rows.mean() if strategy == "pos_neg" else rows[~is_noise].mean()
    torch.testing.assert_close(loss.double(), expected, atol=1e-5, rtol=1e-5)
    (gradient,) = torch.autograd.grad(loss, case.features)
    assert gradient.isfinite().all()
