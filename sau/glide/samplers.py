"""Ways from noise to an image: GLIDE's own two, and a faster solver, on diffusers' schedulers."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from sau.glide.respacing import SamplerName, respaced_timesteps, solver_steps

LOWEST_LOG_RATIO = -5.1
"""Where DPM-Solver++ starts, as log(signal / noise): beyond it the squared-cosine schedule has next
to no signal, and dividing by it gives pure noise."""


Generators = torch.Generator | list[torch.Generator] | None
"""What draws noise: one generator for all images, one for each, or None for PyTorch's own."""


class Sampler(Protocol):
    """One run from noise to images.

    Attributes:
        timesteps: what the network is told at each step, in 0 .. 999, the noisiest first.
    """

    timesteps: list[int]

    def step(self, output: Tensor, index: int, images: Tensor, generators: Generators, /) -> Tensor:
        """Return the images after one step.

        Args:
            output: of the network, (N, 2C, H, W): the noise, then the position of the variance.
            index: of the step, from 0.
            images: before the step, (N, C, H, W).
            generators: for the noise that the step adds.
        """
        ...


def make_sampler(name: SamplerName, respacing: str | int, schedule: Mapping[str, Any]) -> Sampler:
    """Return a sampler that is good for one run.

    Args:
        name: `ancestral` is that of the published base network, `ddim` that of its upsampler,
            `dpm-solver++` needs 15 to 25 steps.
        respacing: how many steps, and where (`respaced_timesteps`); one number for the solver.
        schedule: configuration of the DDPMScheduler that the network was trained with.

    Raises:
        ValueError: no such sampler, or a respacing that it cannot follow.
    """
    if name == "ancestral":
        return AncestralSampler(respacing, schedule)
    if name == "ddim":
        return DdimSampler(respacing, schedule)
    if name == "dpm-solver++":
        return SolverSampler(respacing, schedule)
    raise ValueError(f"sampler {name!r}, expected ancestral, ddim or dpm-solver++")


class AncestralSampler:
    """Every step adds noise, its variance interpolated between two bounds by the network.

    Source: Nichol and Dhariwal 2021, equations 11 to 15.
    """

    def __init__(self, respacing: str | int, schedule: Mapping[str, Any]) -> None:
        ascending = respaced_timesteps(respacing, schedule["num_train_timesteps"])
        self.timesteps = ascending[::-1]
        kept = DDPMScheduler.from_config(schedule).alphas_cumprod[ascending]
        before = torch.cat([torch.ones(1), kept[:-1]])
        self._posteriors = [_posterior(*shares) for shares in zip(kept, before, strict=True)][::-1]

    def step(self, output: Tensor, index: int, images: Tensor, generators: Generators) -> Tensor:
        """Take one step; see `Sampler`. It does not wait for a GPU, which diffusers' own does."""
        noise, position = output.chunk(2, dim=1)
        now = self._posteriors[index]
        clean = ((images - now.noise * noise) / now.signal).clamp(-1, 1)
        mean = now.clean * clean + now.images * images
        if index == len(self.timesteps) - 1:
            return mean
        fraction = (position + 1) / 2
        log_variance = fraction * now.highest + (1 - fraction) * now.lowest
        return mean + torch.exp(0.5 * log_variance) * _noise(mean, generators)


def _noise(like: Tensor, generators: Generators) -> Tensor:
    """Return standard normal noise of a tensor's shape, type and device.

    It is drawn where the generators are, and copied to a GPU from pinned memory, so that nothing
    waits for what the GPU does meanwhile.
    """
    first = generators[0] if isinstance(generators, list) and generators else generators
    place = first.device if isinstance(first, torch.Generator) else torch.device("cpu")
    drawn: Tensor = randn_tensor(like.shape, generators, place, like.dtype)
    if like.is_cuda and not drawn.is_cuda:
        drawn = drawn.pin_memory()
    return drawn.to(like.device, non_blocking=True)


class _Posterior(NamedTuple):
    """Numbers of one ancestral step.

    Factors of the noise and of the signal in the noisy images; of the clean and of the noisy images
    in the mean of the images after the step; lowest and highest logarithm of their variance.
    """

    noise: float
    signal: float
    clean: float
    images: float
    lowest: float
    highest: float


def _posterior(kept: Tensor, before: Tensor) -> _Posterior:
    """Return the numbers of a step from the shares of signal, () float32, before and after it.

    They are worked out in float32, as diffusers does: another rounding would draw other pictures.
    """
    noise, noise_before, step = 1 - kept, 1 - before, kept / before
    found = (
        noise**0.5,
        kept**0.5,
        before**0.5 * (1 - step) / noise,
        step**0.5 * noise_before / noise,
        torch.log(torch.clamp(noise_before / noise * (1 - step), min=1e-20)),
        torch.log(1 - step),
    )
    return _Posterior(*(float(value) for value in found))


class DdimSampler:
    """Steps without noise of their own; the variance that the network predicts is not used.

    With k the share of signal now, k' that after the step, and clean the image that is predicted,
    clipped to [-1, 1], a step goes from x to

        sqrt(k') clean + sqrt(1 - k') (x - sqrt(k) clean) / sqrt(1 - k).

    The shares are float64 and those of the run's own time steps. Diffusers' scheduler would take
    the step before to be a fixed number of training steps away, which a respaced run does not keep
    to, and would keep betas in float32, where the noisiest of a short run is 1 and leaves no signal
    to divide by.

    Source: Song et al. 2021, equation 12 with sigma 0; the noise is worked out again from the
    clipped image, as GLIDE does.
    """

    def __init__(self, respacing: str | int, schedule: Mapping[str, Any]) -> None:
        ascending = respaced_timesteps(respacing, schedule["num_train_timesteps"])
        self.timesteps = ascending[::-1]
        shares = signal_shares(schedule)[ascending].tolist()[::-1]
        self._shares = list(pairwise([*shares, 1.0]))

    def step(self, output: Tensor, index: int, images: Tensor, _: Generators) -> Tensor:
        """Take one step; see `Sampler`."""
        now, after = self._shares[index]
        noise = output[:, : images.shape[1]]
        clean = clean_images(images, noise, now)
        again = (images - now**0.5 * clean) / (1 - now) ** 0.5
        stepped: Tensor = after**0.5 * clean + (1 - after) ** 0.5 * again
        return stepped


class SolverSampler:
    """DPM-Solver++ of second order with two steps' memory; no noise is added.

    The clean image that each step predicts is clipped, as the other samplers clip it.

    Source: Lu et al. 2022, "DPM-Solver++", algorithm 2.
    """

    def __init__(self, respacing: str | int, schedule: Mapping[str, Any]) -> None:
        self._kept = signal_shares(schedule)
        self._scheduler = DPMSolverMultistepScheduler(
            num_train_timesteps=schedule["num_train_timesteps"],
            beta_schedule=schedule["beta_schedule"],
            beta_start=schedule["beta_start"],
            beta_end=schedule["beta_end"],
            trained_betas=schedule["trained_betas"],
            solver_order=2,
            algorithm_type="dpmsolver++",
            prediction_type="sample",
            lambda_min_clipped=LOWEST_LOG_RATIO,
        )
        self._scheduler.set_timesteps(solver_steps(respacing))
        self.timesteps = self._scheduler.timesteps.tolist()

    def step(self, output: Tensor, index: int, images: Tensor, _: Generators) -> Tensor:
        """Take one step; see `Sampler`."""
        timestep = self.timesteps[index]
        kept = float(self._kept[timestep])
        noise = output[:, : images.shape[1]]
        clean = clean_images(images, noise, kept)
        after: Tensor = self._scheduler.step(clean, timestep, images, return_dict=False)[0]
        return after


def noisy(clean: Tensor, noise: Tensor, share: float) -> Tensor:
    """Return images with noise, `sqrt(k) clean + sqrt(1 - k) noise`: (N, C, H, W).

    Args:
        clean: images, (N, C, H, W), -1 to 1.
        noise: of the same shape, of standard deviation 1.
        share: k, of the noisy images' variance that is signal, 0 to 1.

    Source: Ho et al. 2020, equation 4.
    """
    images: Tensor = share**0.5 * clean + (1 - share) ** 0.5 * noise
    return images


def guided(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Return a network's output moved away from the unconditional one: (N, 2C, H, W).

    Guidance moves the noise, unconditional + scale (conditional - unconditional); the variance
    stays the conditional one.

    Args:
        conditional, unconditional: each (N, 2C, H, W), the noise, then the variance's position.
        scale: 1 for the conditional noise, more to follow the text more closely.

    Source: Ho and Salimans 2022, equation 6; Nichol et al., "GLIDE", section 2.3.
    """
    noise, variance = conditional.chunk(2, dim=1)
    base = unconditional[:, : noise.shape[1]]
    return torch.cat([base + scale * (noise - base), variance], dim=1)


def clean_images(images: Tensor, noise: Tensor, share: float) -> Tensor:
    """Return the images without their noise, clipped to [-1, 1]: (N, C, H, W).

    Args:
        images: noisy, (N, C, H, W).
        noise: predicted, of the same shape.
        share: of the images' variance that is signal, in (0, 1).
    """
    clean: Tensor = ((images - (1 - share) ** 0.5 * noise) / share**0.5).clamp(-1, 1)
    return clean


def signal_shares(schedule: Mapping[str, Any]) -> Tensor:
    """Return the share of the variance that is signal after each training step: (1000,) float64.

    Source: Ho et al. 2020, the product of (1 - beta); betas rise linearly (there), or follow a
    squared cosine and stop at 0.999 (Nichol and Dhariwal 2021, equation 17).

    Raises ValueError if `schedule` has another kind of betas.
    """
    count, kind = schedule["num_train_timesteps"], schedule["beta_schedule"]
    if schedule.get("trained_betas") is not None:
        betas = torch.tensor(schedule["trained_betas"], dtype=torch.float64)
    elif kind == "linear":
        betas = torch.linspace(
            schedule["beta_start"], schedule["beta_end"], count, dtype=torch.float64
        )
    elif kind == "squaredcos_cap_v2":
        times = torch.arange(count + 1, dtype=torch.float64) / count
        levels = torch.cos((times + 0.008) / 1.008 * math.pi / 2) ** 2
        betas = (1 - levels[1:] / levels[:-1]).clamp(max=0.999)
    else:
        raise ValueError(f"schedule: betas are {kind!r}, expected linear or squaredcos_cap_v2")
    return torch.cumprod(1 - betas, dim=0)
