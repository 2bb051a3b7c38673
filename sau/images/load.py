"""The generator that the settings name, ready on its device."""

from typing import TypeVar

import diffusers
import torch

from sau.errors import UserError
from sau.images.glide.cascade import GlideCascade
from sau.images.glide.conditioned import TextConditionedPipeline
from sau.images.glide.pipeline import GlidePipeline
from sau.images.glide.upsampler import GlideUpsamplePipeline
from sau.images.settings import ImagesSettings
from sau.shipped import model_folder

Pipeline = TypeVar("Pipeline", bound=TextConditionedPipeline)


def load_generator(settings: ImagesSettings) -> GlidePipeline | GlideCascade:
    """Load the generator, with its upsampler if there is one, in evaluation mode.

    Raises:
        UserError: no such folder, no such device, or a folder that holds another model.
    """
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise UserError("images.device: cuda, but this machine has no CUDA GPU; set it to cpu")
    torch.set_num_threads(settings.threads)
    diffusers.utils.logging.disable_progress_bar()  # loading takes no time worth a bar
    base = _load(GlidePipeline, settings.model, "images.model")
    if not settings.upsampler:
        return base.to(settings.device)
    upsampler = _load(GlideUpsamplePipeline, settings.upsampler, "images.upsampler")
    return GlideCascade(base, upsampler).to(settings.device)


def _load(kind: type[Pipeline], name: str, key: str) -> Pipeline:
    folder = model_folder(name, key)
    try:
        return kind.from_pretrained(folder)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{key}: {folder} does not load as {kind.__name__}: {reason}") from error
