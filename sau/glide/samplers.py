"""Ways from noise to an image: GLIDE's own two, and a faster solver, on diffusers' schedulers."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from sau.device.transfer import upload
from sau.glide.respacing import SamplerName, respaced_timesteps, solver_steps

LOWEST_LOG_RATIO = -5.1
"""Where DPM-Solver++ starts, as log(signal / noise): beyond it the squared-cosine schedule has next
to no signal, and dividing by it gives pure noise."""


class Sampler(Protocol):
    """One run from noise to images.

    Attributes:
        timesteps: what the network is told at each step, in 0 .. 999, the noisiest first.
    """

    timesteps: list[int]

    def step(
        self, output: Tensor, index: int, images: Tensor, generators: Sequence[torch.Generator], /
    ) -> Tensor:
        """Return the images after one step.

        Args:
            output: of the network, (N, 2C, H, W): the noise, then the position of the variance.
            index: of the step, from 0.
            images: before the step, (N, C, H, W).
            generators: one for each image, for the noise that the step adds.
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

    def step(
        self, output: Tensor, index: int, images: Tensor, generators: Sequence[torch.Generator]
    ) -> Tensor:
        """Take one step; see `Sampler`. It does not wait for a GPU, which diffusers' own does."""
        noise, position = output.chunk(2, dim=1)
        now = self._posteriors[index]
        clean = ((images - now.noise * noise) / now.signal).clamp(-1, 1)
        mean = now.clean * clean + now.images * images
        if index == len(self.timesteps) - 1:
            return mean
        fraction = (position + 1) / 2
        log_variance = fraction * now.highest + (1 - fraction) * now.lowest
        drawn = randn_tensor(mean.shape, list(generators), torch.device("cpu"), mean.dtype)
        return mean + torch.exp(0.5 * log_variance) * upload(drawn, mean.device)


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

    Diffusers' scheduler takes the step before to be a fixed number of training steps away, which a
    respaced run does not keep to. So it gets a schedule that has the run's own steps and no others,
    and the network is told the training step that each of them is.

    Source: Song et al. 2021, equation 12 with sigma 0; the noise is worked out again from the
    clipped image, as GLIDE does.
    """

    def __init__(self, respacing: str | int, schedule: Mapping[str, Any]) -> None:
        ascending = respaced_timesteps(respacing, schedule["num_train_timesteps"])
        self.timesteps = ascending[::-1]
        kept = signal_shares(schedule)[ascending]
        before = torch.cat([torch.ones(1, dtype=kept.dtype), kept[:-1]])
        self._scheduler = DDIMScheduler(
            num_train_timesteps=len(ascending),
            trained_betas=(1 - kept / before).tolist(),
            clip_sample=True,
            set_alpha_to_one=True,
        )
        self._scheduler.set_timesteps(len(ascending))

    def step(
        self, output: Tensor, index: int, images: Tensor, _: Sequence[torch.Generator]
    ) -> Tensor:
        """Take one step; see `Sampler`."""
        noise = output[:, : images.shape[1]]
        position = len(self.timesteps) - 1 - index
        after: Tensor = self._scheduler.step(
            noise, position, images, use_clipped_model_output=True, return_dict=False
        )[0]
        return after


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

    def step(
        self, output: Tensor, index: int, images: Tensor, _: Sequence[torch.Generator]
    ) -> Tensor:
        """Take one step; see `Sampler`."""
        timestep = self.timesteps[index]
        kept = float(self._kept[timestep])
        noise = output[:, : images.shape[1]]
        clean = ((images - (1 - kept) ** 0.5 * noise) / kept**0.5).clamp(-1, 1)
        after: Tensor = self._scheduler.step(clean, timestep, images, return_dict=False)[0]
        return after


def signal_shares(schedule: Mapping[str, Any]) -> Tensor:
    """Return the share of the variance that is signal after each training step: (1000,) float64.

    Source: Ho et al. 2020, the product of (1 - beta).
    """
    betas: Tensor = DDPMScheduler.from_config(schedule).betas.double()
    return torch.cumprod(1 - betas, dim=0)
