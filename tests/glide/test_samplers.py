"""Samplers against slow ones written from the papers, with a network that is a formula."""

import math

import pytest
import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import Tensor

from sau.glide.architecture import BASE, UPSAMPLER
from sau.glide.respacing import SamplerName, respaced_timesteps
from sau.glide.samplers import LOWEST_LOG_RATIO, make_sampler, signal_shares

SCHEDULES = {"base": BASE.scheduler().config, "upsampler": UPSAMPLER.scheduler().config}


def kept_at(schedule: str, step: int) -> float:
    """Share of the variance that is signal after training step `step`, from the definitions."""
    share = 1.0
    for t in range(step + 1):
        if schedule == "upsampler":
            beta = 0.0001 + (0.02 - 0.0001) * t / 999
        else:
            now, after = (
                math.cos((u / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2 for u in (t, t + 1)
            )
            beta = min(1 - after / now, 0.999)
        share *= 1 - beta
    return share


def predicted(images: Tensor, step: int) -> Tensor:
    """A noise and a variance's position: smooth in the images and in time, and not exact."""
    wave = torch.sin(3 * images + step / 200)
    return torch.cat([0.9 * images + 0.4 * wave, torch.tanh(wave)], dim=1)


def first_images() -> Tensor:
    return torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))


def run(name: SamplerName, respacing: str, schedule: str) -> tuple[Tensor, list[int]]:
    sampler = make_sampler(name, respacing, SCHEDULES[schedule])
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    images = first_images()
    for index, step in enumerate(sampler.timesteps):
        images = sampler.step(predicted(images, step), index, images, generators)
    return images, sampler.timesteps


def clean_of(images: Tensor, noise: Tensor, kept: float) -> Tensor:
    return ((images - math.sqrt(1 - kept) * noise) / math.sqrt(kept)).clamp(-1, 1)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_shares_of_the_signal_are_those_of_the_definition(schedule: str) -> None:
    shares = signal_shares(SCHEDULES[schedule])
    for step in (0, 1, 500, 900):
        assert float(shares[step]) == pytest.approx(kept_at(schedule, step), rel=1e-4)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("respacing", ["10", "fast27", "1", "ddim25"])
def test_ddim_matches_slow_steps(schedule: str, respacing: str) -> None:
    found, timesteps = run("ddim", respacing, schedule)
    assert timesteps == respaced_timesteps(respacing)[::-1]
    images = first_images().double()
    for step, after in zip(timesteps, [*timesteps[1:], None], strict=True):
        kept = kept_at(schedule, step)
        kept_after = 1.0 if after is None else kept_at(schedule, after)
        clean = clean_of(images, predicted(images, step)[:, :3], kept)
        noise = (images - math.sqrt(kept) * clean) / math.sqrt(1 - kept)
        images = math.sqrt(kept_after) * clean + math.sqrt(1 - kept_after) * noise
    torch.testing.assert_close(found, images.float(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("respacing", ["10", "2,3,4"])
def test_ancestral_matches_slow_steps(schedule: str, respacing: str) -> None:
    found, timesteps = run("ancestral", respacing, schedule)
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    images = first_images().double()
    for step, after in zip(timesteps, [*timesteps[1:], None], strict=True):
        kept = kept_at(schedule, step)
        before = 1.0 if after is None else kept_at(schedule, after)
        noise, position = predicted(images, step).chunk(2, dim=1)
        beta = 1 - kept / before
        clean = clean_of(images, noise, kept)
        mean = math.sqrt(before) * beta / (1 - kept) * clean
        mean = mean + math.sqrt(1 - beta) * (1 - before) / (1 - kept) * images
        if after is None:
            images = mean
            break
        lowest = math.log(beta * (1 - before) / (1 - kept))
        log_variance = lowest + (position + 1) / 2 * (math.log(beta) - lowest)
        drawn = torch.cat([torch.randn(1, 3, 4, 4, generator=each) for each in generators])
        images = mean + torch.exp(log_variance / 2) * drawn
    torch.testing.assert_close(found, images.float(), rtol=0, atol=1e-4)


MEAN, SPREAD = 0.2, 0.1
"""Of normally distributed pixels, whose best denoiser is a formula and is never clipped."""

RESPACINGS = ["2", "3", "5", "10", "25", "fast27", "10,10,3,2,2", "2,3,4"]


def gaussian_denoiser(images: Tensor, kept: float) -> Tensor:
    """The exact expected noise of such pixels, and a variance's position, in float64."""
    noisy = images.double()
    share = kept * SPREAD**2 + 1 - kept
    clean = (math.sqrt(kept) * SPREAD**2 * noisy + (1 - kept) * MEAN) / share
    assert clean.abs().max() < 1
    noise = (noisy - math.sqrt(kept) * clean) / math.sqrt(1 - kept)
    return torch.cat([noise, torch.full_like(noise, 0.3)], dim=1)


def denoised(name: SamplerName, respacing: str, schedule: str, dtype: torch.dtype) -> Tensor:
    sampler = make_sampler(name, respacing, SCHEDULES[schedule])
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    images = first_images().to(dtype)
    for index, step in enumerate(sampler.timesteps):
        output = gaussian_denoiser(images, kept_at(schedule, step)).to(dtype)
        images = sampler.step(output, index, images, generators)
    return images.double()


def slowly_denoised(name: SamplerName, respacing: str, schedule: str, dtype: torch.dtype) -> Tensor:
    """The same by the papers' equations alone, in float64, and without any clipping."""
    sampler = make_sampler(name, respacing, SCHEDULES[schedule])
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    images = first_images().double()
    last: tuple[Tensor, float] | None = None
    for step, after in zip(sampler.timesteps, [*sampler.timesteps[1:], None], strict=True):
        kept = kept_at(schedule, step)
        noise, position = gaussian_denoiser(images, kept).chunk(2, dim=1)
        clean = (images - math.sqrt(1 - kept) * noise) / math.sqrt(kept)
        if after is None:
            return clean
        later = kept_at(schedule, after)
        if name == "ddim":
            images = math.sqrt(later) * clean + math.sqrt(1 - later) * noise
        elif name == "ancestral":
            beta = 1 - kept / later
            lowest = math.log(beta * (1 - later) / (1 - kept))
            log_variance = lowest + (position + 1) / 2 * (math.log(beta) - lowest)
            mean = math.sqrt(later) * beta * clean + math.sqrt(1 - beta) * (1 - later) * images
            drawn = [torch.randn(1, 3, 4, 4, generator=each, dtype=dtype) for each in generators]
            images = mean / (1 - kept) + torch.exp(log_variance / 2) * torch.cat(drawn)
        else:
            width = (math.log(later / (1 - later)) - math.log(kept / (1 - kept))) / 2
            guess = clean
            if last is not None:
                guess = clean + width / (2 * last[1]) * (clean - last[0])
            images = math.sqrt((1 - later) / (1 - kept)) * images
            images = images - math.sqrt(later) * math.expm1(-width) * guess
            last = (clean, width)
    raise AssertionError


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(
    ("name", "dtype", "tolerance", "respacing"),
    [
        (name, dtype, tolerance, respacing)
        for name, dtype, tolerance in [
            ("ddim", torch.float64, 1e-9),
            ("ddim", torch.float32, 1e-2),
            ("ancestral", torch.float64, 1e-3),
            ("ancestral", torch.float32, 1e-2),
            ("dpm-solver++", torch.float32, 1e-2),
        ]
        for respacing in RESPACINGS
        if name != "dpm-solver++" or respacing.isdigit()
    ],
)
def test_samplers_follow_the_equations_where_nothing_is_clipped(
    name: SamplerName, dtype: torch.dtype, tolerance: float, respacing: str, schedule: str
) -> None:
    found = denoised(name, respacing, schedule, dtype)
    expected = slowly_denoised(name, respacing, schedule, dtype)
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(
    ("name", "respacing"),
    [
        *[("ancestral", one) for one in ("2", "6", "10,10,3,2,2")],
        *[("ddim", one) for one in ("2", "6", "10,10,3,2,2")],
        *[("dpm-solver++", one) for one in ("2", "6")],
    ],
)
def test_samplers_stay_finite_where_the_noise_is_the_pixel(
    name: SamplerName, respacing: str, schedule: str
) -> None:
    sampler = make_sampler(name, respacing, SCHEDULES[schedule])
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    images = first_images()
    for index in range(len(sampler.timesteps)):
        images = sampler.step(torch.cat([images, images], dim=1), index, images, generators)
        assert torch.isfinite(images).all()


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("respacing", ["10", "2,3,4", "1", "100"])
def test_ancestral_steps_are_those_of_diffusers_to_the_bit(schedule: str, respacing: str) -> None:
    """Images that were drawn with diffusers' own step are drawn again as they were."""
    found, timesteps = run("ancestral", respacing, schedule)
    scheduler = DDPMScheduler.from_config(SCHEDULES[schedule])
    scheduler.set_timesteps(timesteps=timesteps)
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    images = first_images()
    for step in timesteps:
        output = predicted(images, step)
        images = scheduler.step(output, step, images, generators, return_dict=False)[0]
    assert torch.equal(found, images)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("count", [1, 2, 7, 20])
def test_solver_matches_slow_steps(schedule: str, count: int) -> None:
    found, timesteps = run("dpm-solver++", str(count), schedule)
    assert len(timesteps) == count
    images = first_images().double()
    clean_before, width_before = None, 0.0
    for step, after in zip(timesteps, [*timesteps[1:], None], strict=True):
        kept = kept_at(schedule, step)
        clean = clean_of(images, predicted(images, step)[:, :3], kept)
        if after is None:
            images = clean
            break
        signal, noise = math.sqrt(kept_at(schedule, after)), math.sqrt(1 - kept_at(schedule, after))
        width = math.log(signal / noise) - math.log(math.sqrt(kept / (1 - kept)))
        guess = clean
        if clean_before is not None:
            ratio = width_before / width
            guess = (1 + 1 / (2 * ratio)) * clean - 1 / (2 * ratio) * clean_before
        images = noise / math.sqrt(1 - kept) * images - signal * math.expm1(-width) * guess
        clean_before, width_before = clean, width
    torch.testing.assert_close(found, images.float(), rtol=0, atol=2e-3)


@pytest.mark.parametrize("count", [15, 20, 25])
def test_solver_starts_where_there_is_a_signal(count: int) -> None:
    sampler = make_sampler("dpm-solver++", count, SCHEDULES["base"])
    kept = kept_at("base", sampler.timesteps[0])
    assert 0.5 * math.log(kept / (1 - kept)) >= LOWEST_LOG_RATIO
    assert sampler.timesteps[0] > 980
    assert len(set(sampler.timesteps)) == count


def test_noise_of_the_steps_belongs_to_the_image() -> None:
    config = SCHEDULES["base"]
    images = first_images()
    outputs = predicted(images, 999)

    def after(rows: list[int]) -> Tensor:
        sampler = make_sampler("ancestral", "10", config)
        generators = [torch.Generator().manual_seed(row) for row in rows]
        return sampler.step(outputs[rows], 0, images[rows], generators)

    together = after([0, 1])
    assert torch.equal(together[0], after([0])[0])
    assert torch.equal(together[1], after([1])[0])


def test_schedulers_stay_as_they_are_stored() -> None:
    scheduler: DDPMScheduler = BASE.scheduler()
    before = dict(scheduler.config)
    make_sampler("ancestral", "5", scheduler.config)
    make_sampler("ddim", "5", scheduler.config)
    make_sampler("dpm-solver++", "5", scheduler.config)
    assert dict(scheduler.config) == before
    assert len(scheduler.timesteps) == 1000


@pytest.mark.parametrize(
    ("name", "respacing", "message"),
    [
        ("dpm-solver++", "fast27", "takes one number of steps, as 20"),
        ("dpm-solver++", "501", "takes at most 500"),
        ("dpm-solver++", "ddim25", "takes one number of steps, as 20"),
        ("euler", "10", "sampler 'euler', expected ancestral, ddim or dpm-solver"),
    ],
)
def test_schedule_that_a_sampler_cannot_follow_is_refused(
    name: SamplerName, respacing: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make_sampler(name, respacing, SCHEDULES["base"])
