"""GLIDE's upsampler as a diffusers pipeline: small pictures and prompts in, large ones out."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from sau.glide.architecture import UPSAMPLER, Architecture
from sau.glide.conditioned import StepHook, TextConditionedPipeline
from sau.glide.openai.load import load_openai
from sau.glide.pixels import from_bytes, quantise, to_bytes
from sau.glide.respacing import SamplerName
from sau.glide.samplers import make_sampler

TEMPERATURE = 0.997
"""Deviation of the first noise, GLIDE's own: 1 is sharper, and at times grainy."""


class GlideUpsamplePipeline(TextConditionedPipeline):
    """Four times larger pictures, from 64 to 256 pixels in the published network.

    Source: Nichol et al., "GLIDE", section 4; the settings are those of its published example.
    """

    inputs_per_image: ClassVar[int] = 2

    @classmethod
    def from_openai(
        cls, upsampler: Path, vocabulary: Path | None = None, architecture: Architecture = UPSAMPLER
    ) -> Self:
        """Build the pipeline from the published `upsample.pt`; see `load_openai`."""
        return cls(*load_openai(upsampler, vocabulary, architecture))

    def __call__(
        self,
        pictures: npt.NDArray[np.uint8],
        prompts: Sequence[str],
        seeds: Sequence[int],
        respacing: str | int = "fast27",
        temperature: float = TEMPERATURE,
        guidance_scale: float = 1.0,
        sampler: SamplerName = "ddim",
        on_step: StepHook | None = None,
    ) -> npt.NDArray[np.uint8]:
        """Enlarge N pictures (N, h, w, 3) uint8 to (N, H, W, 3) uint8; see `sample`.

        A prompt that is too long is cut, with a warning.
        """
        self.glide_tokenizer.warn_of_cut(prompts)
        small = from_bytes(pictures)
        samples = self.sample(
            *(small, prompts, seeds, respacing, temperature, guidance_scale, sampler, on_step)
        )
        return to_bytes(samples)

    @torch.no_grad()
    def sample(
        self,
        small: Tensor,
        prompts: Sequence[str],
        seeds: Sequence[int],
        respacing: str | int = "fast27",
        temperature: float = TEMPERATURE,
        guidance_scale: float = 1.0,
        sampler: SamplerName = "ddim",
        on_step: StepHook | None = None,
    ) -> Tensor:
        """Enlarge N images (N, C, h, w), -1 to 1, each with its prompt: (N, C, H, W) float32.

        `temperature` is the deviation of the first noise; the other arguments are those of
        `GlidePipeline.sample`, with the values that GLIDE was published with.

        Raises ValueError if there are no prompts, or not as many seeds and images as prompts.
        """
        if small.ndim != 4 or len(small) != len(prompts):
            raise ValueError(f"images {tuple(small.shape)} must be ({len(prompts)}, C, h, w)")
        run = make_sampler(sampler, respacing, self.scheduler.config)
        beside = self.enlarged(small)
        return self.denoise(prompts, seeds, run, guidance_scale, temperature, beside, on_step)

    def enlarged(self, small: Tensor) -> Tensor:
        """The small images as the network sees them: rounded to 8 bits, then resized, bilinear."""
        size = self.unet.config["sample_size"]
        rounded = quantise(small.to(self.device, torch.float32))
        return functional.interpolate(rounded, (size, size), mode="bilinear", align_corners=False)
