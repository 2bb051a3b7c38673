"""Both of GLIDE's networks, one after the other."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sau.core.random_streams import derive_seed
from sau.glide.architecture import BASE, UPSAMPLER, Architecture
from sau.glide.pipeline import GlidePipeline
from sau.glide.pixels import to_bytes
from sau.glide.respacing import SamplerName
from sau.glide.tokenizer import GlideTokenizer
from sau.glide.upsampler import TEMPERATURE, GlideUpsamplePipeline

UPSAMPLER_FOLDER = "upsampler"
"""Where the upsampler lies in the folder of the base pipeline."""


@dataclass(frozen=True)
class GlideCascade:
    """The text-to-image pipeline and the upsampler that follows it."""

    base: GlidePipeline
    upsampler: GlideUpsamplePipeline

    @classmethod
    def from_openai(
        cls,
        base: Path,
        upsampler: Path,
        vocabulary: Path | None = None,
        architectures: tuple[Architecture, Architecture] = (BASE, UPSAMPLER),
    ) -> Self:
        """Build both from the published `base.pt` and `upsample.pt`; see `load_openai`."""
        return cls(
            GlidePipeline.from_openai(base, vocabulary, architectures[0]),
            GlideUpsamplePipeline.from_openai(upsampler, vocabulary, architectures[1]),
        )

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike[Any], **kwargs: Any) -> Self:
        """Load a folder that `save_pretrained` or `sau convert glide` wrote."""
        return cls(
            GlidePipeline.from_pretrained(folder, **kwargs),
            GlideUpsamplePipeline.from_pretrained(Path(folder) / UPSAMPLER_FOLDER, **kwargs),
        )

    def save_pretrained(self, folder: str | os.PathLike[Any]) -> None:
        """Write the base pipeline into a folder, and the upsampler into a folder within it."""
        self.base.save_pretrained(folder)
        self.upsampler.save_pretrained(Path(folder) / UPSAMPLER_FOLDER)

    def to(self, device: str | torch.device) -> Self:
        """Move both to a device."""
        self.base.to(device)
        self.upsampler.to(device)
        return self

    @property
    def glide_tokenizer(self) -> GlideTokenizer:
        """The tokenizer of the base pipeline; the upsampler's has the same vocabulary."""
        return self.base.glide_tokenizer

    def __call__(
        self, prompts: Sequence[str], seeds: Sequence[int], **options: Any
    ) -> npt.NDArray[np.uint8]:
        """Draw one large picture for each of N prompts: (N, H, W, 3) uint8; see `sample`.

        A prompt that is too long is cut, with a warning.
        """
        self.glide_tokenizer.warn_of_cut(prompts)
        return to_bytes(self.sample(prompts, seeds, **options))

    def sample(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        respacing: str | int = "100",
        guidance_scale: float = 3.0,
        sampler: SamplerName = "ancestral",
        upsampler_respacing: str | int = "fast27",
        temperature: float = TEMPERATURE,
    ) -> Tensor:
        """Draw one large picture for each of N prompts: (N, C, H, W) float32, about -1 to 1.

        The first four arguments are those of `GlidePipeline.sample`, the last two those of the
        upsampler, which samples by DDIM without guidance. Its noise has a stream of its own,
        derived from the picture's seed.
        """
        small = self.base.sample(prompts, seeds, respacing, guidance_scale, sampler=sampler)
        own = [derive_seed("images", "upsampler", seed) for seed in seeds]
        return self.upsampler.sample(small, prompts, own, upsampler_respacing, temperature)
