"""Stable Diffusion 1 and 2, and models laid out like them, as models that learn."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from PIL import Image
from torch import Tensor, nn

from sau.assets.pipeline_networks import load_networks, quiet
from sau.assets.vocabulary import check_tokens, check_vocabulary
from sau.core.errors import UserError
from sau.core.unloadable import loading
from sau.glide.pictures import as_samples
from sau.pipeline.personalise.model import NoiseSchedule, too_long
from sau.sources.resize import fit


class LatentDiffusion:
    """A text encoder of transformers, and a denoising network on latent values; see `Model`."""

    attention_layers = ("to_q", "to_k", "to_v", "to_out.0")

    def __init__(self, pipeline: Any, noise: NoiseSchedule) -> None:
        """Args: a pipeline of Stable Diffusion on its device, and its noise."""
        self.tokenizer = pipeline.tokenizer
        self.text_encoder = pipeline.text_encoder
        self.unet = pipeline.unet
        self._vae = pipeline.vae
        self._noise = noise
        self._size = pipeline.unet.config.sample_size * pipeline.vae_scale_factor

    @property
    def time_steps(self) -> int:
        """How many time steps the model was trained with."""
        return self._noise.time_steps

    def moments(self, picture: Image.Image) -> tuple[Tensor, Tensor]:
        """Return mean and deviation of a picture's latent values; see `Model`."""
        fitting = fit(picture, (self._size, self._size))
        with torch.no_grad():
            pixels = as_samples(fitting).to(self._vae.device)
            found = self._vae.encode(pixels).latent_dist
        return found.mean, found.std

    def scaled(self, values: Tensor) -> Tensor:
        """Return latent values as the denoising network has them."""
        return values * float(self._vae.config.scaling_factor)

    def loss(self, values: Tensor, noise: Tensor, times: Tensor, states: Tensor) -> Tensor:
        """Return the mean squared error of noise, or of velocity; see `Model`."""
        noisy = self._noise.noisy(values, noise, times)
        predicted = self.unet(noisy, times, states).sample
        return self._noise.loss(predicted, values, noise, times)

    def states(self, texts: Sequence[str]) -> Tensor:
        """Return the states of texts; see `Model`."""
        room = self.tokenizer.model_max_length
        for text in texts:
            if len(self.tokenizer(text, truncation=False, verbose=False).input_ids) > room:
                raise too_long(text, room)
        ids = self.tokenizer(
            list(texts),
            padding="max_length",
            truncation=True,
            max_length=self.tokenizer.model_max_length,
            return_tensors="pt",
        ).input_ids
        with torch.no_grad():
            found: Tensor = self.text_encoder(ids.to(self.unet.device))[0]
        return found

    def vectors_of(self, name: str) -> Tensor:
        """Return the embeddings of a name's own tokens; see `Model`."""
        own = self.tokenizer(name, add_special_tokens=False).input_ids
        found: Tensor = self.text_encoder.get_input_embeddings().weight[own]
        return found

    @contextmanager
    def reading(
        self, before: str, vectors: nn.Parameter, after: str
    ) -> Iterator[Callable[[], Tensor]]:
        """Put vectors in the place between two texts; see `Model`."""
        ids, places = self._with_places(before, after, len(vectors))

        def put_in(_: nn.Module, __: tuple[Tensor, ...], embedded: Tensor) -> Tensor:
            changed = embedded.clone()
            changed[:, places] = vectors.to(embedded.dtype)
            return changed

        handle = self.text_encoder.get_input_embeddings().register_forward_hook(put_in)
        try:
            yield lambda: self.text_encoder(ids.to(vectors.device))[0]
        finally:
            handle.remove()

    def _with_places(self, before: str, after: str, vectors: int) -> tuple[Tensor, Sequence[int]]:
        """Return a text's token ids, (1, T), and the places that the vectors stand in."""
        tokenizer = self.tokenizer
        first, last = (
            tokenizer(text, add_special_tokens=False).input_ids if text.strip() else []
            for text in (before, after)
        )
        room = tokenizer.model_max_length - 2
        inside = [*first, *[tokenizer.unk_token_id] * vectors, *last]
        if len(inside) > room:
            raise too_long(f"{before}...{after}", room, vectors)
        padding = [tokenizer.pad_token_id] * (room - len(inside))
        ids = [tokenizer.bos_token_id, *inside, tokenizer.eos_token_id, *padding]
        start = 1 + len(first)
        return torch.tensor([ids]), list(range(start, start + vectors))


def load_latent_diffusion(folder: Path, device: torch.device, key: str) -> LatentDiffusion:
    """Load Stable Diffusion 1 or 2, or a model laid out like it, in float32.

    Args:
        folder: of the pipeline; it has been checked.
        device: where to learn.
        key: the setting that names it, for messages.

    Raises:
        UserError: another kind of model.
    """
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    what = f"{key}: {folder} does not load as a text-to-image pipeline of diffusers"
    networks = load_networks(folder, torch.float32, what)
    with loading(what), quiet():
        pipeline: Any = diffusers.AutoPipelineForText2Image.from_pretrained(  # type: ignore[no-untyped-call]
            folder,
            dtype=torch.float32,
            use_safetensors=True,
            local_files_only=True,
            low_cpu_mem_usage=False,
            **networks,
        )
        pipeline.to(device)
    if type(pipeline) is not diffusers.StableDiffusionPipeline:
        raise UserError(
            f"{key}: {folder} is a {type(pipeline).__name__}, but only GLIDE and models like "
            "Stable Diffusion 1 and 2 learn here; set personalise.method to none, and give "
            "images.lora or images.embedding files that were learned elsewhere"
        )
    parts: Any = pipeline
    schedule = DDPMScheduler.from_config(parts.scheduler.config)
    if schedule.config["prediction_type"] not in ("epsilon", "v_prediction"):
        raise UserError(
            f"{key}: {folder} predicts {schedule.config['prediction_type']}, expected epsilon or "
            "v_prediction; choose another model"
        )
    known = parts.text_encoder.get_input_embeddings().num_embeddings
    check_vocabulary({"tokenizer": parts.tokenizer}, f"{key}: {folder}")
    check_tokens(parts.tokenizer, known, f"{key}: {folder}")
    for network in (parts.text_encoder, parts.vae, parts.unet):
        network.requires_grad_(False)
    return LatentDiffusion(parts, NoiseSchedule(schedule))
