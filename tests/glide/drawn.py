"""Samples and pictures by seeds, for tests that compare them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from sau.glide.arguments import seeded
from sau.glide.cascade import GlideUpsamplePipeline
from sau.glide.pictures import to_bytes
from sau.glide.pipeline import GlidePipeline


def samples(
    pipeline: GlidePipeline,
    prompts: Sequence[str],
    seeds: Iterable[int],
    steps: str | int,
    scale: float = 3.0,
    **options: Any,
) -> Tensor:
    """Samples (N, C, H, W) float32, about -1 to 1."""
    drawn: Tensor = pipeline(prompts, steps, scale, seeded(seeds), "latent", **options).images
    return drawn


def pictures(
    pipeline: GlidePipeline,
    prompts: Sequence[str],
    seeds: Iterable[int],
    steps: str | int,
    scale: float = 3.0,
    **options: Any,
) -> npt.NDArray[np.uint8]:
    """Pictures (N, H, W, C) uint8."""
    return to_bytes(samples(pipeline, prompts, seeds, steps, scale, **options))


def enlarged(
    upsampler: GlideUpsamplePipeline,
    small: Tensor,
    prompts: Sequence[str],
    seeds: Iterable[int],
    steps: str | int,
    **options: Any,
) -> Tensor:
    """Samples (N, C, H, W) float32 of small images (N, C, h, w)."""
    drawn: Tensor = upsampler(
        prompts, small, steps, generator=seeded(seeds), output_type="latent", **options
    ).images
    return drawn
