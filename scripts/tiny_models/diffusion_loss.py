"""Training loss of a diffusion model that learns its noise and the range of its variance."""

import math
from dataclasses import dataclass

import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Posterior:
    """Coefficients of q(x_{t-1} | x_t, x_0) per time step, each (1000,) float32."""

    signal: Tensor
    noise: Tensor
    clean_weight: Tensor
    noisy_weight: Tensor
    smallest_log_variance: Tensor
    largest_log_variance: Tensor


def posterior_of(scheduler: DDPMScheduler) -> Posterior:
    """Work the coefficients out in float64 (Nichol and Dhariwal 2021, equations 10 and 11)."""
    betas = scheduler.betas.double()
    kept = torch.cumprod(1 - betas, dim=0)
    kept_before = torch.cat([torch.ones(1, dtype=torch.float64), kept[:-1]])
    variance = betas * (1 - kept_before) / (1 - kept)
    # The first step's posterior has no variance; its neighbour's stands in, as log(0) cannot.
    variance[0] = variance[1]
    coefficients = (
        kept.sqrt(),
        (1 - kept).sqrt(),
        betas * kept_before.sqrt() / (1 - kept),
        (1 - kept_before) * (1 - betas).sqrt() / (1 - kept),
        variance.log(),
        betas.log(),
    )
    return Posterior(*(coefficient.float() for coefficient in coefficients))


def add_noise(posterior: Posterior, clean: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
    """Noisy images of the forward process: clean, noise (B, C, H, W), steps (B,) int64."""
    return _at(posterior.signal, steps) * clean + _at(posterior.noise, steps) * noise


def hybrid_loss(
    posterior: Posterior, output: Tensor, clean: Tensor, noisy: Tensor, noise: Tensor, steps: Tensor
) -> Tensor:
    """L_simple + 0.001 L_vlb for one batch, a scalar.

    `output` (B, 2C, H, W) holds the predicted noise, then the position of the log variance within
    its range as -1 to 1. With uniform steps, T times one term estimates the bound, and
    0.001 T = 1. The bound trains the variance only: the noise in it is detached.

    Source: Nichol and Dhariwal 2021, equations 15 and 16.
    """
    predicted, position = output.float().chunk(2, dim=1)
    simple = functional.mse_loss(predicted, noise)
    fraction = (position + 1) / 2
    smallest = _at(posterior.smallest_log_variance, steps)
    log_variance = fraction * _at(posterior.largest_log_variance, steps) + (1 - fraction) * smallest
    signal, scale = _at(posterior.signal, steps), _at(posterior.noise, steps)
    guess = (noisy - scale * predicted.detach()) / signal
    clean_weight = _at(posterior.clean_weight, steps)
    kept = _at(posterior.noisy_weight, steps) * noisy
    mean, target = clean_weight * guess + kept, clean_weight * clean + kept
    divergence = gaussian_divergence(target, smallest, mean, log_variance)
    likelihood = discretised_log_likelihood(clean, mean, log_variance)
    first = (steps == 0).view(-1, 1, 1, 1)
    bound = torch.where(first, -likelihood, divergence).mean() / math.log(2.0)
    return simple + bound


def gaussian_divergence(
    mean: Tensor, log_variance: Tensor, other_mean: Tensor, other_log_variance: Tensor
) -> Tensor:
    """Kullback-Leibler divergence of two normal distributions in nats, element by element."""
    ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 * torch.exp(-other_log_variance)
    return 0.5 * (ratio.exp() + distance - 1 - ratio)


def discretised_log_likelihood(clean: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Log probability in nats of 8-bit values scaled to [-1, 1] (Ho et al. 2020, equation 13)."""
    deviation = torch.exp(0.5 * log_variance)
    upper = torch.special.ndtr((clean - mean + 1 / 255) / deviation)
    lower = torch.special.ndtr((clean - mean - 1 / 255) / deviation)
    upper = torch.where(clean > 0.999, torch.ones_like(upper), upper)
    lower = torch.where(clean < -0.999, torch.zeros_like(lower), lower)
    return (upper - lower).clamp(min=1e-12).log()


def _at(values: Tensor, steps: Tensor) -> Tensor:
    return values[steps].view(-1, 1, 1, 1)
