"""What GLIDE's pipelines are called with: prompts, random generators, kinds of output."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, get_args

import torch

from sau.glide.samplers import Generators

OutputType = Literal["pil", "np", "pt", "latent"]
"""PIL images; an array (N, H, W, C) float32, 0 to 1; a tensor (N, C, H, W) float32, 0 to 1; or the
samples as they are, (N, C, H, W) float32, about -1 to 1, not clipped."""

OnStepEnd = Callable[[Any, int, int, dict[str, Any]], dict[str, Any]]
"""Called with the pipeline, the number of the step, from 0, its time step and {"latents": images};
returns a dictionary that may have other images as "latents"."""


def seeded(seeds: Iterable[int]) -> list[torch.Generator]:
    """Return a random generator on the CPU for each seed."""
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def listed(prompt: str | Sequence[str]) -> list[str]:
    """Return one prompt or several as a list."""
    return [prompt] if isinstance(prompt, str) else list(prompt)


def as_drawn(generator: torch.Generator | Sequence[torch.Generator] | None) -> Generators:
    """Return generators as diffusers draws from them: one, a list or None."""
    if generator is None or isinstance(generator, torch.Generator):
        return generator
    return list(generator)


def check_output_type(output_type: str) -> None:
    """Raise ValueError if there is no such `OutputType`."""
    if output_type not in get_args(OutputType):
        raise ValueError(f"output_type {output_type!r}, expected pil, np, pt or latent")
