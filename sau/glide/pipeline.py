"""GLIDE's text-to-image network as a diffusers pipeline: prompts and seeds in, pictures out."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sau.glide.architecture import BASE, Architecture
from sau.glide.conditioned import StepHook, TextConditionedPipeline
from sau.glide.openai.load import load_openai
from sau.glide.pixels import to_bytes
from sau.glide.respacing import SamplerName
from sau.glide.samplers import make_sampler


class GlidePipeline(TextConditionedPipeline):
    """Text-to-image GLIDE with classifier-free guidance.

    Source: Nichol et al., "GLIDE".
    """

    inputs_per_image: ClassVar[int] = 1

    @classmethod
    def from_openai(
        cls, base: Path, vocabulary: Path | None = None, architecture: Architecture = BASE
    ) -> Self:
        """Build the pipeline from the published `base.pt`; see `load_openai`."""
        return cls(*load_openai(base, vocabulary, architecture))

    def __call__(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        respacing: str | int = "100",
        guidance_scale: float = 3.0,
        on_step: StepHook | None = None,
        sampler: SamplerName = "ancestral",
    ) -> npt.NDArray[np.uint8]:
        """Draw one picture for each of N prompts: (N, H, W, 3) uint8; see `sample`.

        A prompt that is too long is cut, with a warning.
        """
        self.glide_tokenizer.warn_of_cut(prompts)
        return to_bytes(self.sample(prompts, seeds, respacing, guidance_scale, on_step, sampler))

    @torch.no_grad()
    def sample(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        respacing: str | int = "100",
        guidance_scale: float = 3.0,
        on_step: StepHook | None = None,
        sampler: SamplerName = "ancestral",
    ) -> Tensor:
        """Draw one picture for each of N prompts: (N, C, H, W) float32, about -1 to 1.

        `seeds` has one seed per picture; `respacing` says how many steps ("100", 20, "fast27");
        `guidance_scale` is 1 for none; `on_step` is called with the steps done and their number;
        `sampler` is explained at `make_sampler`.

        Raises ValueError if there are no prompts, or not as many seeds as prompts.
        """
        run = make_sampler(sampler, respacing, self.scheduler.config)
        return self.denoise(prompts, seeds, run, guidance_scale, on_step=on_step)
