"""GLIDE's text-to-image network as a diffusers pipeline: prompts in, pictures out."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from diffusers.loaders.lora_pipeline import StableDiffusionLoraLoaderMixin
from PIL import Image
from torch import Tensor

from sau.glide.arguments import OnStepEnd, OutputType, as_drawn, check_output_type, listed
from sau.glide.learned_words import Embeddings, read_embedding
from sau.glide.pictures import as_samples, output_of
from sau.glide.respacing import SamplerName
from sau.glide.samplers import make_sampler
from sau.glide.text_conditioned import Start, TextConditionedPipeline


class GlidePipeline(TextConditionedPipeline, StableDiffusionLoraLoaderMixin):
    """Text-to-image GLIDE with classifier-free guidance.

    LoRA weights of the image network are loaded as in diffusers' other pipelines
    (`load_lora_weights`, `set_adapters`, `unload_lora_weights`).

    Source: Nichol et al., "GLIDE".
    """

    inputs_per_image: ClassVar[int] = 1
    _lora_loadable_modules: list[str] = ["unet"]  # noqa: RUF012 (as diffusers declares it)

    def load_textual_inversion(self, embedding: Embeddings, token: str | None = None) -> None:
        """Let a word of prompts stand for learned vectors of the text encoder.

        The vectors are not saved with the pipeline.

        Args:
            embedding: a safetensors file with one tensor, (V, width) or (width,) floating, called
                as the word; or such a tensor by its name.
            token: a word in place of that name, of any characters, upper or lower case.

        Raises:
            ValueError: another number of tensors, or a tensor of another shape.
        """
        word, vectors = read_embedding(embedding, token, self.text_encoder.config["width"])
        self._learned.learn(word, vectors)

    @classmethod
    def load_lora_into_text_encoder(
        cls, state_dict: Mapping[str, Tensor], *_: Any, **__: Any
    ) -> None:
        """Refuse LoRA weights of a text encoder; part of `load_lora_weights`.

        Raises:
            ValueError: there are some.
        """
        own = next((name for name in state_dict if name.startswith(cls.text_encoder_name)), None)
        if own is not None:
            raise ValueError(f"{own}: GLIDE's text encoder takes no LoRA weights")

    def unload_textual_inversion(self, token: str | None = None) -> None:
        """Take a learned word out of the vocabulary again, or all of them.

        Raises:
            ValueError: a word that was not learned.
        """
        self._learned.forget(token)

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
        image: Tensor | Image.Image | Sequence[Image.Image] | None = None,
        strength: float = 1.0,
    ) -> Any:
        """Draw one picture for each of N prompts.

        A prompt that is longer than the text encoder's context is cut, with a warning.

        Args:
            prompt: one text, or N; "" is the unconditional one.
            num_inference_steps: how many steps, or a respacing such as "fast27", "10,10,3,2,2" or
                "ddim25"; see `respaced_timesteps`.
            guidance_scale: of classifier-free guidance; 1 is none, and takes half the time.
            generator: one for all pictures, or one for each, which then depends on no other.
            output_type: of the pictures, see `OutputType`.
            return_dict: False returns a tuple of the pictures.
            callback_on_step_end: see `OnStepEnd`.
            sampler: ancestral, ddim or dpm-solver++; see `make_sampler`.
            image: N pictures to start from in place of pure noise, of the size that is drawn: PIL
                images, or (N, C, H, W) float32, -1 to 1.
            strength: share of the steps that a run from a picture takes, above 0 and at most 1: at
                1 hardly anything of the picture is left. Without a picture it must be 1.

        Returns an `ImagePipelineOutput` with N `images`.

        Raises:
            ValueError: no prompt, another number of generators or pictures, pictures of another
                size, or an argument's value that is not among those allowed.
        """
        prompts = listed(prompt)
        check_output_type(output_type)
        run = make_sampler(sampler, num_inference_steps, self.scheduler.config)
        if image is None and strength != 1:
            raise ValueError(f"strength {strength:g} without an image to start from; give one")
        samples = self.denoise(
            prompts,
            as_drawn(generator),
            run,
            guidance_scale,
            on_step_end=callback_on_step_end,
            start=None if image is None else Start(as_samples(image), strength),
        )
        return output_of(samples, output_type, return_dict)
