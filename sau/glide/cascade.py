"""GLIDE's upsampler, and both of its networks one after the other, as diffusers pipelines."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from PIL import Image
from torch import Tensor
from torch.nn import functional
from transformers import GPT2Tokenizer

from sau.glide.arguments import OnStepEnd, OutputType, as_drawn, check_output_type, listed
from sau.glide.learned_words import Embeddings, read_embedding
from sau.glide.pictures import as_samples, output_of, quantise
from sau.glide.pipeline import GlidePipeline
from sau.glide.respacing import SamplerName
from sau.glide.samplers import make_sampler
from sau.glide.text_conditioned import OFFLINE, TextConditionedPipeline
from sau.glide.text_encoder import GlideTextEncoder

UPSAMPLER_FOLDER = "upsampler"
"""Where the upsampler lies in a converted folder, which is that of the base pipeline."""

TEMPERATURE = 0.997
"""Deviation of the first noise, GLIDE's own: 1 is sharper, and at times grainy."""


class GlideUpsamplePipeline(TextConditionedPipeline):
    """Four times larger pictures, from 64 to 256 pixels in the published network.

    Source: Nichol et al., "GLIDE", section 4; the settings are those of its published example.
    """

    inputs_per_image: ClassVar[int] = 2

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | Sequence[str],
        image: Tensor | Image.Image | Sequence[Image.Image],
        num_inference_steps: int | str = "fast27",
        guidance_scale: float = 1.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        output_type: OutputType = "pil",
        return_dict: bool = True,
        callback_on_step_end: OnStepEnd | None = None,
        sampler: SamplerName = "ddim",
        temperature: float = TEMPERATURE,
    ) -> Any:
        """Enlarge N pictures, each with its prompt.

        Args:
            prompt: one text, or N.
            image: small pictures as PIL images, or (N, C, h, w) float32, about -1 to 1, such as
                the base pipeline gives as "latent".
            temperature: deviation of the first noise.

        The other arguments, the output and the errors are those of `GlidePipeline`; the defaults
        are those that GLIDE was published with. Raises ValueError, too, if there are not as many
        pictures as prompts.
        """
        prompts, small = listed(prompt), as_samples(image)
        check_output_type(output_type)
        if small.ndim != 4 or len(small) != len(prompts):
            raise ValueError(
                f"image has shape {tuple(small.shape)}, expected ({len(prompts)}, C, h, w)"
            )
        run = make_sampler(sampler, num_inference_steps, self.scheduler.config)
        samples = self.denoise(
            prompts,
            as_drawn(generator),
            run,
            guidance_scale,
            temperature,
            self.enlarged(small),
            callback_on_step_end,
        )
        return output_of(samples, output_type, return_dict)

    def enlarged(self, small: Tensor) -> Tensor:
        """The small images as the network sees them: rounded to 8 bits, then resized, bilinear."""
        size = self.unet.config["sample_size"]
        rounded = quantise(small.to(self._execution_device, torch.float32))
        return functional.interpolate(rounded, (size, size), mode="bilinear", align_corners=False)


class GlideCascadePipeline(DiffusionPipeline):
    """The text-to-image network and the upsampler that follows it; they share the tokenizer."""

    model_cpu_offload_seq: Any = "text_encoder->unet->upsampler_text_encoder->upsampler_unet"

    def __init__(
        self,
        tokenizer: GPT2Tokenizer,
        text_encoder: GlideTextEncoder,
        unet: UNet2DConditionModel,
        scheduler: DDPMScheduler,
        upsampler_text_encoder: GlideTextEncoder,
        upsampler_unet: UNet2DConditionModel,
        upsampler_scheduler: DDPMScheduler,
    ) -> None:
        super().__init__()
        self.register_modules(  # type: ignore[no-untyped-call]
            tokenizer=tokenizer,
            text_encoder=text_encoder,
            unet=unet,
            scheduler=scheduler,
            upsampler_text_encoder=upsampler_text_encoder,
            upsampler_unet=upsampler_unet,
            upsampler_scheduler=upsampler_scheduler,
        )
        self.base = GlidePipeline(tokenizer, text_encoder, unet, scheduler)
        self.upsampler = GlideUpsamplePipeline(
            tokenizer, upsampler_text_encoder, upsampler_unet, upsampler_scheduler
        )
        self.upsampler.share_warnings(self.base)
        self._names: dict[str, str] = {}

    @classmethod
    def of(cls, base: GlidePipeline, upsampler: GlideUpsamplePipeline) -> Self:
        """Return the two pipelines as one; the tokenizer is that of the base."""
        networks = (upsampler.text_encoder, upsampler.unet, upsampler.scheduler)
        return cls(base.tokenizer, base.text_encoder, base.unet, base.scheduler, *networks)

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | os.PathLike[Any], **kwargs: Any
    ) -> Self:
        """Load a folder that `save_pretrained` wrote, or a converted one with its upsampler.

        It is read offline, and in float32 unless `dtype` says otherwise.
        """
        folder = pretrained_model_name_or_path
        larger = Path(folder) / UPSAMPLER_FOLDER
        if (larger / "model_index.json").is_file():
            return cls.of(
                GlidePipeline.from_pretrained(folder, **kwargs),
                GlideUpsamplePipeline.from_pretrained(larger, **kwargs),
            )
        pipeline: Self = super().from_pretrained(folder, **{**OFFLINE, **kwargs})
        return pipeline

    def load_textual_inversion(
        self, embedding: Embeddings, token: str | None = None, *, name: str
    ) -> None:
        """Let a word of prompts stand for learned vectors of the base's text encoder.

        Args:
            embedding, token: see `GlidePipeline.load_textual_inversion`.
            name: what the upsampler reads in the word's place, as it has other embeddings.

        Raises:
            ValueError: as there.
        """
        word, vectors = read_embedding(embedding, token, self.text_encoder.config["width"])
        self.base.load_textual_inversion({word: vectors})
        self._names[word.lower()] = name

    def unload_textual_inversion(self) -> None:
        """Take all learned words out of the vocabulary again."""
        self.base.unload_textual_inversion()
        self._names.clear()

    def _spelled(self, prompt: str) -> str:
        """Return a prompt with names in place of learned words."""
        for word in sorted(self._names, key=len, reverse=True):
            parts = re.split(re.escape(word), prompt, flags=re.IGNORECASE)
            prompt = self._names[word].join(parts)
        return prompt

    def set_progress_bar_config(self, **kwargs: Any) -> None:
        """Set the progress bars of both; see diffusers."""
        self.base.set_progress_bar_config(**kwargs)  # type: ignore[no-untyped-call]
        self.upsampler.set_progress_bar_config(**kwargs)  # type: ignore[no-untyped-call]

    def warn_of_cut(self, prompts: Sequence[str]) -> None:
        """Log once how many of the prompts that are new are cut."""
        self.base.warn_of_cut(prompts)
        # The upsampler has them in other words, and would say so of each.
        self.upsampler.know_of_cut([self._spelled(prompt) for prompt in prompts])

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | Sequence[str],
        num_inference_steps: int | str = 100,
        guidance_scale: float = 3.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        output_type: OutputType = "pil",
        return_dict: bool = True,
        callback_on_step_end: OnStepEnd | None = None,
        sampler: SamplerName = "ancestral",
        upsampler_num_inference_steps: int | str = "fast27",
        upsampler_generator: torch.Generator | Sequence[torch.Generator] | None = None,
        temperature: float = TEMPERATURE,
        image: Tensor | Image.Image | Sequence[Image.Image] | None = None,
        strength: float = 1.0,
    ) -> Any:
        """Draw one large picture for each of N prompts.

        Args:
            callback_on_step_end: called at the steps of both; the pipeline that it is called with
                says at whose.
            upsampler_num_inference_steps: steps of the upsampler, by DDIM and without guidance.
            upsampler_generator: of the upsampler's first noise; None goes on with `generator`.
            temperature: deviation of that noise.

        The other arguments, the output and the errors are those of `GlidePipeline`.
        """
        check_output_type(output_type)
        small = self.base(
            prompt,
            num_inference_steps,
            guidance_scale,
            generator,
            "latent",
            callback_on_step_end=callback_on_step_end,
            sampler=sampler,
            image=image,
            strength=strength,
        ).images
        return self.upsampler(
            [self._spelled(one) for one in listed(prompt)],
            small,
            upsampler_num_inference_steps,
            generator=generator if upsampler_generator is None else upsampler_generator,
            output_type=output_type,
            return_dict=return_dict,
            callback_on_step_end=callback_on_step_end,
            temperature=temperature,
        )
