"""What GLIDE's two pipelines share: text in, guided noise out, and the run from noise to images."""

import os
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor
from transformers import GPT2Tokenizer

from sau.glide.samplers import Sampler
from sau.glide.text_encoder import GlideTextEncoder
from sau.glide.tokenizer import GlideTokenizer

StepHook = Callable[[int, int], None]

CPU_GROUP_PIXELS = 2048
"""Pixels of images that go through the network together on a CPU: 8 of 16 x 16, one of 64 x 64."""


class TextConditionedPipeline(DiffusionPipeline):
    """A tokenizer, a text encoder, an image network and the noise schedule it was trained with.

    Every image has a random generator of its own, for its first noise and for each step's, so its
    noise depends on its seed alone and not on the images sampled along with it.
    """

    tokenizer: GPT2Tokenizer
    text_encoder: GlideTextEncoder
    unet: UNet2DConditionModel
    scheduler: DDPMScheduler

    inputs_per_image: ClassVar[int]
    """Images that the network takes for each one that it makes: the noisy one, and others."""

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
        channels, odd = divmod(unet.config["out_channels"], 2)
        expected = channels * self.inputs_per_image
        if odd or unet.config["in_channels"] != expected:
            raise ValueError(
                f"the image network has {unet.config['in_channels']} input and "
                f"{unet.config['out_channels']} output channels; {type(self).__name__} needs "
                f"{self.inputs_per_image} images going in, a noise and a variance coming out"
            )
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

    @property
    def glide_tokenizer(self) -> GlideTokenizer:
        """The tokenizer, which cuts and pads to the text encoder's context."""
        return GlideTokenizer(self.tokenizer, self.text_encoder.config["context_length"])

    def encode(self, prompts: Sequence[str]) -> Tensor:
        """Text hidden states of B prompts, (B, T, width); "" is the unconditional prompt.

        Each distinct prompt is encoded once, by itself: the states do not depend on the others.
        """
        distinct = list(dict.fromkeys(prompts))
        tokens = self.glide_tokenizer(distinct)
        ids, mask = tokens.ids.to(self.device), tokens.mask.to(self.device)
        rows = [slice(row, row + 1) for row in range(len(distinct))]
        hidden = torch.cat([self.text_encoder(ids[row], mask[row]) for row in rows])
        return hidden[[distinct.index(prompt) for prompt in prompts]]

    def predict(
        self,
        images: Tensor,
        timestep: int,
        hidden: Tensor,
        guidance_scale: float,
        beside: Tensor | None = None,
    ) -> Tensor:
        """Guided noise, then the variance channels: (N, 2C, H, W) float32 for images (N, C, H, W).

        `hidden` has the N conditional texts, then (under guidance) N unconditional ones: both go
        through the network in one batch. Guidance moves the noise only; the variance stays the
        conditional one. `beside` (N, C, H, W) are more channels that the network takes.

        On a CPU the network gets groups of one fixed size, the last one filled up: sums round by
        the shape of what is summed, and so an image is the same whatever it is sampled along with.

        Source: Ho and Salimans 2022, equation 6; Nichol et al., "GLIDE", section 2.3.
        """
        seen = images if beside is None else torch.cat([images, beside], dim=1)
        texts = hidden.view(-1, len(images), *hidden.shape[1:])
        if self.device.type != "cpu":
            return self._predict_group(seen, timestep, texts, guidance_scale)
        last, size = len(images) - 1, cpu_group(self.unet.config["sample_size"])
        groups = [
            torch.arange(start, start + size).clamp(max=last)
            for start in range(0, len(images), size)
        ]
        predicted = [
            self._predict_group(seen[rows], timestep, texts[:, rows], guidance_scale)
            for rows in groups
        ]
        return torch.cat(predicted)[: len(images)]

    def _predict_group(
        self, seen: Tensor, timestep: int, texts: Tensor, guidance_scale: float
    ) -> Tensor:
        """`predict` for images in one pass; `texts` is (1, N, T, width), or 2 under guidance."""
        hidden = texts.flatten(0, 1)
        inputs = seen.repeat(len(texts), 1, 1, 1).to(self.unet.dtype)
        summary = self.text_encoder.pool(hidden)
        # A number would be compiled into the network, and copied to the device in each step.
        times = torch.full((len(inputs),), timestep, device=inputs.device)
        output: Tensor = self.unet(inputs, times, hidden, class_labels=summary).sample.float()
        if len(texts) == 1:
            return output
        conditional, unconditional = output.chunk(2)
        noise, variance = conditional.chunk(2, dim=1)
        base = unconditional[:, : noise.shape[1]]
        return torch.cat([base + guidance_scale * (noise - base), variance], dim=1)

    def denoise(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        sampler: Sampler,
        guidance_scale: float,
        temperature: float = 1.0,
        beside: Tensor | None = None,
        on_step: StepHook | None = None,
    ) -> Tensor:
        """Run from noise to one image for each of N prompts: (N, C, H, W) float32, about -1 to 1.

        `temperature` is the deviation of the first noise; `on_step` is called with the steps done
        and their number; see `predict` for the rest.

        Raises ValueError if there are no prompts, or not as many seeds as prompts.
        """
        if len(prompts) == 0 or len(prompts) != len(seeds):
            raise ValueError(f"need one seed per prompt: {len(seeds)} for {len(prompts)} prompts")
        guided = guidance_scale != 1.0
        hidden = self.encode([*prompts, *([""] * len(prompts))] if guided else prompts)
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        size, channels = self.unet.config["sample_size"], self.unet.config["out_channels"] // 2
        shape = (len(prompts), channels, size, size)
        images: Tensor = temperature * randn_tensor(shape, generators, self.device, torch.float32)
        for index, timestep in enumerate(sampler.timesteps):
            output = self.predict(images, timestep, hidden, guidance_scale, beside)
            images = sampler.step(output, index, images, generators)
            if on_step is not None:
                on_step(index + 1, len(sampler.timesteps))
        return images


def cpu_group(size: int) -> int:
    """Number of images of `size` x `size` pixels that a CPU sends through the network together.

    More than fill it are no faster; one at a time costs small networks four times as much.
    """
    return max(1, CPU_GROUP_PIXELS // size**2)
