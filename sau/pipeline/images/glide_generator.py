"""GLIDE as a generator: the base network, or both of its networks."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from PIL import Image
from torch import Tensor

from sau.assets.glide_pipeline import Pipeline, load_glide_pipeline
from sau.core.random_streams import derive_seed
from sau.glide.arguments import seeded
from sau.glide.cascade import GlideCascadePipeline, GlideUpsamplePipeline
from sau.glide.pictures import to_bytes
from sau.glide.pipeline import GlidePipeline
from sau.glide.text_conditioned import cpu_group
from sau.pipeline.images.device import DTYPES, make_quick
from sau.pipeline.images.image_generator import NOT_FINITE, Drawn
from sau.pipeline.images.own_embeddings import vectors_of
from sau.pipeline.images.own_files import Embedding
from sau.pipeline.images.own_lora import put_on_lora
from sau.pipeline.images.refusals import telling_out_of_memory
from sau.pipeline.images.settings import ImagesSettings
from sau.sources.resize import resize


class GlideGenerator:
    """Draws with GLIDE; the sampling itself is that of `sau.glide`."""

    def __init__(
        self,
        pipeline: GlidePipeline | GlideCascadePipeline,
        settings: ImagesSettings,
        device: torch.device,
    ) -> None:
        self._pipeline = pipeline
        self._settings = settings
        # On a CPU the pipeline itself makes groups of one size.
        self._full_batches = device.type != "cpu"

    @property
    def full_batches(self) -> bool:
        """Whether batches should all have one size; see `ImageGenerator`."""
        return self._full_batches

    def announce(self, prompts: Sequence[str]) -> None:
        """Say once how many prompts are cut."""
        self._pipeline.warn_of_cut(prompts)

    def at_guidance_scale(self, scale: float) -> Self:
        """Return the same model at another guidance scale."""
        other = copy.copy(self)
        other._settings = self._settings.replace(guidance_scale=scale)
        return other

    def whole_batch(self, size: int) -> int:
        """Return the largest multiple of a CPU's groups; see `ImageGenerator`."""
        group = cpu_group(self._pipeline.unet.config["sample_size"])
        return size if self._full_batches or size < group else size - size % group

    def put_on(self, settings: ImagesSettings, embeddings: Mapping[str, Embedding]) -> None:
        """Take on LoRA weights and embeddings, of the base network; see `ImageGenerator`."""
        pipeline = self._pipeline
        put_on_lora(getattr(pipeline, "base", pipeline), settings)
        pipeline.unload_textual_inversion()
        width = pipeline.text_encoder.config["width"]
        for word, (file, name) in embeddings.items():
            what = f"images.embedding: {file} does not fit {type(pipeline).__name__}"
            (vectors,) = vectors_of(Path(file), [("GlideTextEncoder", width)], what)
            given: dict[str, Any] = {}
            if isinstance(pipeline, GlideCascadePipeline):
                given["name"] = name
            pipeline.load_textual_inversion({word: vectors.to(pipeline.device)}, **given)

    def draw(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        guides: Sequence[Image.Image] | None = None,
    ) -> list[Drawn]:
        """Draw one picture for each prompt; see `ImageGenerator`."""
        with telling_out_of_memory():
            samples = self._sample(prompts, seeds, guides)
        finite = torch.isfinite(samples).flatten(1).all(dim=1).tolist()
        pixels = to_bytes(torch.nan_to_num(samples))
        return [
            Drawn(picture) if good else Drawn(None, NOT_FINITE)
            for picture, good in zip(pixels, finite, strict=True)
        ]

    def _sample(
        self, prompts: Sequence[str], seeds: Sequence[int], guides: Sequence[Image.Image] | None
    ) -> Tensor:
        """Sample one batch: (N, 3, H, W) float32, about -1 to 1."""
        settings = self._settings
        options: dict[str, Any] = {}
        if guides is not None:
            side = self._pipeline.unet.config["sample_size"]
            fitting = [resize(guide, side) for guide in guides]
            options |= {"image": fitting, "strength": settings.strength}
        if isinstance(self._pipeline, GlideCascadePipeline):
            options |= {
                "upsampler_num_inference_steps": settings.upsampler_steps,
                "upsampler_generator": seeded(
                    derive_seed("images", "upsampler", seed) for seed in seeds
                ),
                "temperature": settings.upsampler_temperature,
            }
        samples: Tensor = self._pipeline(
            prompts,
            settings.steps,
            settings.guidance_scale,
            seeded(seeds),
            "latent",
            sampler=settings.sampler,
            **options,
        ).images
        return samples


def load_glide(
    settings: ImagesSettings, device: torch.device, model: Path, upsampler: Path | None
) -> GlideGenerator:
    """Load GLIDE, with its upsampler if there is one, in evaluation mode.

    Raises:
        UserError: a folder that holds another model.
    """
    base = _load(GlidePipeline, model, "images.model", settings, device)
    if upsampler is None:
        return GlideGenerator(base, settings, device)
    larger = _load(GlideUpsamplePipeline, upsampler, "images.upsampler", settings, device)
    both = GlideCascadePipeline.of(base, larger)
    both.set_progress_bar_config(disable=True)
    return GlideGenerator(both, settings, device)


def _load(
    kind: type[Pipeline], folder: Path, key: str, settings: ImagesSettings, device: torch.device
) -> Pipeline:
    pipeline = load_glide_pipeline(kind, folder, DTYPES[settings.precision], device, key)
    make_quick(pipeline.unet, device, settings.compile)
    return pipeline
