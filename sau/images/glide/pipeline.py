"""GLIDE as a diffusers pipeline: prompts and seeds in, 8-bit pictures out."""

import os
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor
from transformers import GPT2Tokenizer

from sau.images.glide.respacing import respaced_timesteps
from sau.images.glide.text_encoder import GlideTextEncoder
from sau.images.glide.tokenizer import GlideTokenizer

StepHook = Callable[[int, int], None]


class GlidePipeline(DiffusionPipeline):
    """Text-to-image GLIDE: ancestral sampling with a learned-range variance and guidance.

    Every image has a random generator of its own, for its first noise and for each step's, so its
    noise depends on its seed alone and not on the images sampled along with it.

    Source: Nichol et al., "GLIDE"; sampling as in Nichol and Dhariwal 2021, equations 11 to 15.
    """

    tokenizer: GPT2Tokenizer
    text_encoder: GlideTextEncoder
    unet: UNet2DConditionModel
    scheduler: DDPMScheduler

    def __init__(
        self,
        tokenizer: GPT2Tokenizer,
        text_encoder: GlideTextEncoder,
        unet: UNet2DConditionModel,
        scheduler: DDPMScheduler,
    ) -> None:
        super().__init__()
        if scheduler.config["variance_type"] != "learned_range":
            raise ValueError("GLIDE's scheduler needs variance_type 'learned_range'")
        if unet.config["out_channels"] != 2 * unet.config["in_channels"]:
            raise ValueError("the image network must predict a noise and a variance per channel")
        self.register_modules(  # type: ignore[no-untyped-call]
            tokenizer=tokenizer, text_encoder=text_encoder, unet=unet, scheduler=scheduler
        )

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | os.PathLike[Any], **kwargs: Any
    ) -> Self:
        """Load a folder that `save_pretrained` wrote, offline, in float32 unless told otherwise.

        `kwargs` are those of `DiffusionPipeline.from_pretrained`, such as `dtype`.
        """
        # Weights may be stored as float16, in which sampling on a CPU is slow and inexact.
        options = {"dtype": torch.float32, "local_files_only": True, "low_cpu_mem_usage": False}
        folder = pretrained_model_name_or_path
        pipeline: Self = super().from_pretrained(folder, **{**options, **kwargs})
        return pipeline

    def __call__(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        respacing: str | int = "100",
        guidance_scale: float = 3.0,
        on_step: StepHook | None = None,
    ) -> npt.NDArray[np.uint8]:
        """Draw one picture for each of N prompts: (N, H, W, 3) uint8; see `sample`."""
        return to_bytes(self.sample(prompts, seeds, respacing, guidance_scale, on_step))

    @torch.no_grad()
    def sample(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        respacing: str | int = "100",
        guidance_scale: float = 3.0,
        on_step: StepHook | None = None,
    ) -> Tensor:
        """Draw one picture for each of N prompts: (N, C, H, W) float32, about -1 to 1.

        `seeds` has one seed per picture; `respacing` says how many steps ("100", 20, "fast27");
        `guidance_scale` is 1 for none; `on_step` is called with the steps done and their number.

        Raises ValueError if there are no prompts, or not as many seeds as prompts.
        """
        if len(prompts) == 0 or len(prompts) != len(seeds):
            raise ValueError(f"need one seed per prompt: {len(seeds)} for {len(prompts)} prompts")
        timesteps = self._timesteps(respacing)
        self.scheduler.set_timesteps(timesteps=timesteps, device=self.device)
        guided = guidance_scale != 1.0
        hidden = self.encode([*prompts, *([""] * len(prompts))] if guided else prompts)
        # A list, which the scheduler takes although it is annotated for one generator.
        generators: Any = [torch.Generator().manual_seed(seed) for seed in seeds]
        size = self.unet.config["sample_size"]
        shape = (len(prompts), self.unet.config["in_channels"], size, size)
        images: Tensor = randn_tensor(shape, generators, self.device, torch.float32)
        for done, timestep in enumerate(timesteps, start=1):
            output = self.predict(images, timestep, hidden, guidance_scale)
            images = self.scheduler.step(
                output, timestep, images, generator=generators, return_dict=False
            )[0]
            if on_step is not None:
                on_step(done, len(timesteps))
        return images

    def _timesteps(self, respacing: str | int) -> list[int]:
        """Time steps from the noisiest on."""
        return respaced_timesteps(respacing, self.scheduler.config["num_train_timesteps"])[::-1]

    def encode(self, prompts: Sequence[str]) -> Tensor:
        """Text hidden states of B prompts, (B, T, width); "" is the unconditional prompt."""
        tokenize = GlideTokenizer(self.tokenizer, self.text_encoder.config["context_length"])
        tokens = tokenize(prompts)
        hidden: Tensor = self.text_encoder(tokens.ids.to(self.device), tokens.mask.to(self.device))
        return hidden

    def predict(
        self, images: Tensor, timestep: int, hidden: Tensor, guidance_scale: float
    ) -> Tensor:
        """Guided noise, then the variance channels: (N, 2C, H, W) float32 for images (N, C, H, W).

        `hidden` has the N conditional texts, then (under guidance) N unconditional ones. Guidance
        moves the noise only; the variance stays the conditional one.

        Source: Ho and Salimans 2022, equation 6; Nichol et al., "GLIDE", section 2.3.
        """
        repeats = len(hidden) // len(images)
        inputs = images.repeat(repeats, 1, 1, 1).to(self.unet.dtype)
        summary = self.text_encoder.pool(hidden)
        output: Tensor = self.unet(inputs, timestep, hidden, class_labels=summary).sample.float()
        if repeats == 1:
            return output
        conditional, unconditional = output.chunk(2)
        noise, variance = conditional.chunk(2, dim=1)
        base = unconditional[:, : noise.shape[1]]
        return torch.cat([base + guidance_scale * (noise - base), variance], dim=1)


def to_bytes(images: Tensor) -> npt.NDArray[np.uint8]:
    """Images (N, C, H, W) in [-1, 1] as (N, H, W, C) uint8; values outside are clipped."""
    scaled = ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    pixels: npt.NDArray[np.uint8] = scaled.permute(0, 2, 3, 1).cpu().numpy()
    return pixels
