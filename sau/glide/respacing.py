"""Which of the training time steps a shorter sampling run visits."""

import re
from typing import Literal

SamplerName = Literal["ancestral", "ddim", "dpm-solver++"]

# Steps per fifth of the schedule in GLIDE's published 27-step run of the upsampler.
FAST_27 = "fast27"
FAST_27_COUNTS = (10, 10, 3, 2, 2)

# Of the 1000 training steps; more would fall on the same ones.
MOST_SOLVER_STEPS = 500


STRIDED = re.compile(r"ddim([0-9]+)")
"""A respacing of one whole-numbered stride, such as "ddim25"."""


def section_counts(respacing: str | int) -> tuple[int, ...]:
    """Read a respacing such as "100", "10,10,3,2,2", "fast27" or 20 as steps per section.

    Raises ValueError if it is none of these or a count is not positive.
    """
    if respacing == FAST_27:
        return FAST_27_COUNTS
    try:
        counts = tuple(int(part) for part in str(respacing).split(","))
    except ValueError:
        raise ValueError(
            f"respacing {respacing!r} is neither counts nor 'fast27' or 'ddim25'"
        ) from None
    if min(counts) < 1:
        raise ValueError(f"respacing {respacing!r} has a section without steps")
    return counts


def respaced_timesteps(respacing: str | int, train_timesteps: int = 1000) -> list[int]:
    """Time steps of a sampling run, ascending, out of 0 .. `train_timesteps` - 1.

    The schedule is divided into as many equal sections as there are counts, and each section is
    strided evenly from its first to its last step. Positions are summed up in floating point and
    ties are rounded to even, which is what decides the steps that `linspace` gets otherwise.

    "ddimN" is N steps from 0 on, a whole number of training steps apart, as in the DDIM paper.

    Raises ValueError if a section has fewer training steps than its count, or no whole stride gives
    exactly N steps.
    Source: Nichol and Dhariwal, "Improved Denoising Diffusion Probabilistic Models", section 4;
    Song et al. 2021, section 4.2.
    """
    strided = STRIDED.fullmatch(str(respacing))
    if strided:
        return _strided(int(strided[1]), train_timesteps)
    counts = section_counts(respacing)
    shortest, longer_sections = divmod(train_timesteps, len(counts))
    chosen: list[int] = []
    start = 0
    for index, count in enumerate(counts):
        length = shortest + (index < longer_sections)
        if count > length:
            raise ValueError(f"cannot take {count} of the {length} steps of section {index}")
        stride = (length - 1) / (count - 1) if count > 1 else 1.0
        position = 0.0
        for _ in range(count):
            chosen.append(start + round(position))
            position += stride
        start += length
    if respacing == FAST_27:
        # GLIDE starts this run two steps early: its noisiest step leaves artefacts under DDIM.
        chosen[-1] = train_timesteps - 3
    return chosen


def _strided(count: int, train_timesteps: int) -> list[int]:
    """Return `count` time steps by the smallest whole stride that gives so many."""
    for stride in range(1, train_timesteps + 1):
        steps = range(0, train_timesteps, stride)
        if len(steps) == count:
            return list(steps)
    raise ValueError(
        f"respacing 'ddim{count}': no whole stride takes {count} of {train_timesteps} steps"
    )


def solver_steps(respacing: str | int) -> int:
    """Number of steps of a solver that places them itself, such as DPM-Solver++.

    Raises ValueError if the respacing is not one number, or more than 500.
    """
    counts = () if STRIDED.fullmatch(str(respacing)) else section_counts(respacing)
    if len(counts) != 1:
        raise ValueError(f"respacing {respacing!r}: dpm-solver++ takes one number of steps, as 20")
    if counts[0] > MOST_SOLVER_STEPS:
        raise ValueError(f"respacing {respacing!r}: dpm-solver++ takes at most {MOST_SOLVER_STEPS}")
    return counts[0]


def steps_taken(steps: int, strength: float) -> int:
    """Return how many of the last steps a run from a picture takes: `int(strength * n)`.

    Args:
        steps: n, of the whole run, from pure noise.
        strength: above 0, at most 1.

    Raises ValueError if the strength is outside, or leaves no step.
    Source: Meng et al. 2022, "SDEdit", section 3; counted as diffusers does.
    """
    if not 0 < strength <= 1:
        raise ValueError(f"strength {strength:g}, expected above 0 and at most 1")
    taken = int(strength * steps)
    if not taken:
        raise ValueError(f"strength {strength:g} takes none of {steps} steps")
    return taken


def count_steps(sampler: SamplerName, respacing: str | int) -> int:
    """Return the number of steps of a run; raises ValueError as `check_respacing` does."""
    if sampler == "dpm-solver++":
        return solver_steps(respacing)
    return len(respaced_timesteps(respacing))


def check_respacing(sampler: SamplerName, respacing: str | int) -> None:
    """Check that a sampler can follow a respacing; raises ValueError if it cannot."""
    count_steps(sampler, respacing)
