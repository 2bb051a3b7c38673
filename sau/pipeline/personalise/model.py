"""The parts of a latent-diffusion model that learning needs."""

from pathlib import Path
from typing import Any, NamedTuple

import diffusers
import torch
import transformers
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from PIL import Image
from torch import Tensor

from sau.assets.pipeline_networks import load_networks, quiet
from sau.core.errors import UserError
from sau.core.unloadable import loading
from sau.glide.pictures import as_samples
from sau.sources.resize import fit


class Model(NamedTuple):
    """A model's parts, all of which stay as they are, and the noise that it was trained with."""

    tokenizer: Any
    text_encoder: Any
    vae: Any
    unet: Any
    schedule: Any
    size: int

    @property
    def time_steps(self) -> int:
        """How many time steps the model was trained with."""
        return int(self.schedule.config["num_train_timesteps"])

    def scaled(self, latents: Tensor) -> Tensor:
        """Return latent values as the denoising network has them."""
        return latents * float(self.vae.config.scaling_factor)

    def moments(self, picture: Image.Image) -> tuple[Tensor, Tensor]:
        """Return mean and deviation of a picture's latent values, each (1, C, H, W) float32."""
        fitting = fit(picture, (self.size, self.size))
        with torch.no_grad():
            pixels = as_samples(fitting).to(self.vae.device)
            found = self.vae.encode(pixels).latent_dist
        return found.mean, found.std

    def loss(self, latents: Tensor, noise: Tensor, times: Tensor, hidden: Tensor) -> Tensor:
        """Return the mean squared error of what the denoising network predicts: ().

        Args:
            latents: of images without noise, (N, C, H, W).
            noise: that is added, of the same shape.
            times: time step of each, (N,) int64.
            hidden: states of their texts, (N, T, width).

        Source: Ho et al. 2020, equation 14; for a network that predicts velocities, Salimans and
        Ho 2022.
        """
        noisy = self.schedule.add_noise(latents, noise, times)
        predicted = self.unet(noisy, times, hidden).sample
        target = noise
        if self.schedule.config["prediction_type"] == "v_prediction":
            target = self.schedule.get_velocity(latents, noise, times)
        return torch.nn.functional.mse_loss(predicted, target)


def load_model(folder: Path, device: torch.device, key: str) -> Model:
    """Load the parts of Stable Diffusion 1 or 2, or of a model laid out like it, in float32.

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
            f"{key}: {folder} is a {type(pipeline).__name__}, but only models like Stable "
            "Diffusion 1 and 2 learn here; set personalise.method to none, and give "
            "images.lora or images.embedding files that were learned elsewhere"
        )
    parts: Any = pipeline
    schedule = DDPMScheduler.from_config(parts.scheduler.config)
    if schedule.config["prediction_type"] not in ("epsilon", "v_prediction"):
        raise UserError(
            f"{key}: {folder} predicts {schedule.config['prediction_type']}, expected epsilon or "
            "v_prediction; choose another model"
        )
    for network in (parts.text_encoder, parts.vae, parts.unet):
        network.requires_grad_(False)
    return Model(
        parts.tokenizer,
        parts.text_encoder,
        parts.vae,
        parts.unet,
        schedule,
        parts.unet.config.sample_size * parts.vae_scale_factor,
    )
