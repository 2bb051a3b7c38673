"""The generator that the settings name, ready on its device, and where its weights lie."""

from pathlib import Path

import torch

from sau.assets.pipeline_folder import diffusers_folder, with_a_pipeline
from sau.assets.shipped import model_folder, weights_sha256
from sau.pipeline.images.image_generator import ImageGenerator
from sau.pipeline.images.own_files import KEYS
from sau.pipeline.images.settings import ImagesSettings


def load_generator(settings: ImagesSettings, device: torch.device) -> ImageGenerator:
    """Load the generator of the settings; those of single classes are not looked at.

    Raises:
        UserError: no such model, or a folder that holds another one.
    """
    torch.set_num_threads(settings.threads)
    if settings.source == "diffusers":
        from sau.pipeline.images.diffusers_generator import load_diffusers

        return load_diffusers(settings, device, base_folder(settings))
    from sau.pipeline.images.glide_generator import load_glide

    return load_glide(settings, device, base_folder(settings), upsampler_folder(settings))


def base_folder(settings: ImagesSettings) -> Path:
    """Return the folder of the model; one of the Hub is fetched into its cache first.

    Raises:
        UserError: there is none, it holds no pipeline or what `check_model_folder` refuses, or it
            cannot be fetched.
    """
    name = settings.model
    if settings.source == "diffusers":
        return diffusers_folder(name, settings.revision, "images.model")
    return with_a_pipeline(model_folder(name, "images.model"), "images.model")


def is_on_hub(settings: ImagesSettings) -> bool:
    """Return whether the model is named as one of the Hugging Face Hub, and is no folder here."""
    return settings.source == "diffusers" and not Path(settings.model).is_dir()


def upsampler_folder(settings: ImagesSettings) -> Path | None:
    """Return the folder of GLIDE's upsampler, None if none is named.

    Raises:
        UserError: there is no such folder, or it holds no pipeline or what `check_model_folder`
            refuses.
    """
    if settings.source != "glide" or not settings.upsampler:
        return None
    folder = model_folder(settings.upsampler, "images.upsampler")
    return with_a_pipeline(folder, "images.upsampler")


class Weights:
    """Digests of weights. Each model is read once, however many classes it draws."""

    def __init__(self) -> None:
        """Begin with none read."""
        self._models: dict[tuple[str, str, str], str] = {}

    def of_model(self, settings: ImagesSettings) -> str:
        """Return the digest of the model that the settings draw with."""
        named = (settings.source, settings.model, settings.revision)
        if named not in self._models:
            self._models[named] = weights_sha256(base_folder(settings))
        return self._models[named]

    def of(self, settings: ImagesSettings) -> dict[str, str]:
        """Return digests of all the weights that the settings draw with, for the record."""
        digests = {"weights_sha256": self.of_model(settings)}
        upsampler = upsampler_folder(settings)
        if upsampler is not None:
            digests["upsampler_sha256"] = weights_sha256(upsampler)
        for key in KEYS:
            if name := getattr(settings, key):
                digests[f"{key}_sha256"] = weights_sha256(Path(name))
        return digests
