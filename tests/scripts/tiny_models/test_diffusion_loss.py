"""The training loss against torch's distributions, the scheduler, and its own definition."""

import dataclasses

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from scripts.tiny_models.diffusion_loss import (
    Posterior,
    add_noise,
    discretised_log_likelihood,
    gaussian_divergence,
    hybrid_loss,
    posterior_of,
)
from scripts.tiny_models.glide_model import TINY


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return posterior_of(TINY.scheduler())


def _random(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_range_matches_the_scheduler(posterior: Posterior) -> None:
    scheduler = TINY.scheduler()
    for step in (1, 2, 10, 500, 998):
        for position, ours in (
            (-1.0, posterior.smallest_log_variance),
            (1.0, posterior.largest_log_variance),
        ):
            theirs = scheduler._get_variance(step, torch.tensor(position))
            assert float(ours[step]) == pytest.approx(float(theirs), abs=2e-3)


def test_noise_matches_the_scheduler(posterior: Posterior) -> None:
    clean, noise = _random(3, 3, 4, 4, seed=0), _random(3, 3, 4, 4, seed=1)
    steps = torch.tensor([0, 400, 999])
    theirs = TINY.scheduler().add_noise(clean, noise, steps)
    torch.testing.assert_close(add_noise(posterior, clean, noise, steps), theirs)


def test_divergence_matches_torch() -> None:
    means, logs = _random(2, 50, seed=2), _random(2, 50, seed=3)
    first, second = (Normal(means[i], torch.exp(0.5 * logs[i])) for i in range(2))
    ours = gaussian_divergence(means[0], logs[0], means[1], logs[1])
    torch.testing.assert_close(ours, kl_divergence(first, second))


def test_likelihoods_of_all_values_sum_to_one() -> None:
    values = torch.arange(256).double() / 127.5 - 1
    for mean in (-1.2, -0.5, 0.0, 0.99):
        for log_variance in (-4.0, 0.0):
            logs = discretised_log_likelihood(
                values, torch.tensor(mean).double(), torch.tensor(log_variance).double()
            )
            assert float(logs.exp().sum()) == pytest.approx(1.0, abs=1e-6)


def test_bound_trains_the_variance_only(posterior: Posterior) -> None:
    clean, noise = _random(2, 3, 4, 4, seed=4).clamp(-1, 1), _random(2, 3, 4, 4, seed=5)
    steps = torch.tensor([0, 300])
    noisy = add_noise(posterior, clean, noise, steps)
    output = _random(2, 6, 4, 4, seed=6).requires_grad_()
    hybrid_loss(posterior, output, clean, noisy, noise, steps).backward()
    assert output.grad is not None
    simple = 2 * (output[:, :3] - noise) / noise.numel()
    torch.testing.assert_close(output.grad[:, :3], simple)
    assert (output.grad[:, 3:] != 0).all()


def test_smallest_variance_is_right_for_perfect_noise(posterior: Posterior) -> None:
    # With the true noise, the model's mean is the posterior's, so only the variance can differ.
    clean, noise = _random(2, 3, 4, 4, seed=7).clamp(-1, 1), _random(2, 3, 4, 4, seed=8)
    steps = torch.tensor([5, 700])
    noisy = add_noise(posterior, clean, noise, steps)
    output = torch.cat([noise, torch.full_like(noise, -1.0)], dim=1)
    assert float(hybrid_loss(posterior, output, clean, noisy, noise, steps)) < 1e-4


def test_coefficients_are_float32_of_every_step(posterior: Posterior) -> None:
    for field in dataclasses.fields(posterior):
        values = getattr(posterior, field.name)
        assert values.shape == (1000,)
        assert values.dtype == torch.float32
        assert torch.isfinite(values).all()
