"""What GLIDE's two networks share as diffusers pipelines: texts, guidance, the loop over steps."""

import os
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, Self

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor
from transformers import GPT2Tokenizer

from sau.glide.arguments import OnStepEnd
from sau.glide.learned_words import LearnedWords
from sau.glide.respacing import steps_taken
from sau.glide.samplers import Generators, Sampler, guided, noisy, signal_shares
from sau.glide.text_encoder import GlideTextEncoder
from sau.glide.tokenizer import GlideTokenizer

CPU_GROUP_PIXELS = 2048
"""Pixels of images that go through the network together on a CPU: 8 of 16 x 16, one of 64 x 64."""

# Weights may be stored as float16, in which sampling on a CPU is slow and inexact.
OFFLINE = {"dtype": torch.float32, "local_files_only": True, "low_cpu_mem_usage": False}
"""How a folder is loaded unless the caller says otherwise."""


class Start(NamedTuple):
    """Pictures that a run starts from in place of pure noise.

    Attributes:
        images: (N, C, H, W) float32, -1 to 1.
        strength: share of the steps that are taken, above 0 and at most 1.
    """

    images: Tensor
    strength: float


def cpu_group(size: int) -> int:
    """Number of images of `size` x `size` pixels that a CPU sends through the network together.

    More than fill it are no faster; one at a time costs small networks four times as much.
    """
    return max(1, CPU_GROUP_PIXELS // size**2)


class TextConditionedPipeline(DiffusionPipeline):
    """A tokenizer, a text encoder, an image network and the noise schedule it was trained with.

    Given one random generator for each image, an image depends on its own alone, not on the images
    that are sampled along with it: on a CPU to the bit.

    Raises ValueError if the networks' channels or the scheduler's variance are not GLIDE's.
    """

    model_cpu_offload_seq: Any = "text_encoder->unet"

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
        self._announced: set[str] = set()
        self._learned = LearnedWords()
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
        pipeline: Self = super().from_pretrained(
            pretrained_model_name_or_path, **{**OFFLINE, **kwargs}
        )
        return pipeline

    @property
    def glide_tokenizer(self) -> GlideTokenizer:
        """The tokenizer, which cuts and pads to the text encoder's context."""
        words = self._learned.ids(self.text_encoder.config["vocab_size"])
        return GlideTokenizer(self.tokenizer, self.text_encoder.config["context_length"], words)

    def encode(self, prompts: Sequence[str]) -> Tensor:
        """Text hidden states of B prompts, (B, T, width); "" is the unconditional prompt.

        Each distinct prompt is encoded once, by itself: the states do not depend on the others.
        """
        distinct = list(dict.fromkeys(prompts))
        tokens = self.glide_tokenizer(distinct)
        ids, mask = tokens.ids.to(self._execution_device), tokens.mask.to(self._execution_device)
        rows = [slice(row, row + 1) for row in range(len(distinct))]
        # An older text encoder, of a `sau` installed beside a standalone file, takes none.
        table = self._learned.table()
        learned = () if table is None else (table,)
        hidden = torch.cat([self.text_encoder(ids[row], mask[row], *learned) for row in rows])
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
        if self._execution_device.type != "cpu":
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
        return guided(conditional, unconditional, guidance_scale)

    def share_warnings(self, other: "TextConditionedPipeline") -> None:
        """Count prompts that another pipeline has warned of as warned of here, and vice versa."""
        self._announced = other._announced

    def warn_of_cut(self, prompts: Sequence[str]) -> None:
        """Log how many of the prompts that are new are cut; those seen before count no more."""
        new = [prompt for prompt in prompts if prompt not in self._announced]
        self._announced.update(new)
        self.glide_tokenizer.warn_of_cut(new)

    def know_of_cut(self, prompts: Sequence[str]) -> None:
        """Count prompts as warned of."""
        self._announced.update(prompts)

    def denoise(
        self,
        prompts: Sequence[str],
        generator: Generators,
        sampler: Sampler,
        guidance_scale: float,
        temperature: float = 1.0,
        beside: Tensor | None = None,
        on_step_end: OnStepEnd | None = None,
        start: Start | None = None,
    ) -> Tensor:
        """Run from noise to one image for each of N prompts: (N, C, H, W) float32, about -1 to 1.

        `temperature` is the deviation of the first noise; see `predict` for the rest. A run that
        starts from pictures takes the last `steps_taken` of its steps, and the first noise is
        added to them as far as the first of these steps expects it.

        Raises ValueError if there are no prompts, not as many generators or pictures as prompts,
        or pictures of another size.
        """
        if not prompts:
            raise ValueError("prompt: need at least one")
        if isinstance(generator, list) and len(generator) != len(prompts):
            raise ValueError(
                f"generator: need one, or one for each prompt: {len(generator)} for {len(prompts)}"
            )
        self.warn_of_cut(prompts)
        is_guided = guidance_scale != 1.0
        hidden = self.encode([*prompts, *([""] * len(prompts))] if is_guided else prompts)
        size, channels = self.unet.config["sample_size"], self.unet.config["out_channels"] // 2
        shape, place = (len(prompts), channels, size, size), self._execution_device
        images: Tensor = temperature * randn_tensor(shape, generator, place, torch.float32)
        steps = list(enumerate(sampler.timesteps))
        if start is not None:
            steps = steps[-steps_taken(len(steps), start.strength) :]
            images = self._with_noise(start.images, images, steps[0][1])
        with self.progress_bar(total=len(steps)) as bar:
            for index, timestep in steps:
                output = self.predict(images, timestep, hidden, guidance_scale, beside)
                images = sampler.step(output, index, images, generator)
                if on_step_end is not None:
                    told = on_step_end(self, index, timestep, {"latents": images})
                    images = told.get("latents", images)
                bar.update()
        self.maybe_free_model_hooks()  # type: ignore[no-untyped-call]
        return images

    def _with_noise(self, pictures: Tensor, noise: Tensor, timestep: int) -> Tensor:
        """Return pictures with as much noise as there is at a time step: (N, C, H, W) float32."""
        if pictures.shape != noise.shape:
            raise ValueError(
                f"image has shape {tuple(pictures.shape)}, expected {tuple(noise.shape)}"
            )
        share = float(signal_shares(self.scheduler.config)[timestep])
        return noisy(pictures.to(noise), noise, share)
