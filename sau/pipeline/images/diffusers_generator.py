"""Any text-to-image model of diffusers as a generator."""

import copy
import inspect
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import diffusers
import numpy as np
import torch
import transformers
from PIL import Image

from sau.assets.pipeline_networks import load_networks, quiet
from sau.assets.vocabulary import check_vocabulary
from sau.core.errors import UserError
from sau.core.unloadable import loading
from sau.pipeline.images.device import DTYPES, make_quick
from sau.pipeline.images.image_generator import NOT_FINITE, Drawn
from sau.pipeline.images.own_embeddings import put_on_embeddings
from sau.pipeline.images.own_files import Embedding
from sau.pipeline.images.own_lora import put_on_lora
from sau.pipeline.images.refusals import refusal, telling_out_of_memory
from sau.pipeline.images.settings import ImagesSettings
from sau.sources.resize import fit

BLANKED = "the model's safety checker blanked the picture"

DENOISERS = ("unet", "transformer")
"""What pipelines call the network that takes a step."""

TOKENIZERS = ("tokenizer", "tokenizer_2", "tokenizer_3")
"""What they call those of their text encoders."""

ALWAYS_SET = ("steps", "guidance_scale", "strength")
"""Settings that have a value whether one is given or not."""

KINDS = {
    "none": ("text-to-image", diffusers.AutoPipelineForText2Image),
    "real": ("image-to-image", diffusers.AutoPipelineForImage2Image),
}
"""What a model is loaded as, by what its pictures start from."""

log = logging.getLogger(__name__)


class DiffusersGenerator:
    """Draws with a pipeline of diffusers, its safety checker left as the model has it.

    Each picture has a random generator of its own, on the CPU whatever the device. On a CPU the
    pictures of a batch are drawn one after the other: sums round by the shape of what is summed,
    and these networks are large enough to keep a CPU busy with one.
    """

    def __init__(
        self,
        pipeline: Any,
        options: dict[str, Any],
        device: torch.device,
        guide_size: tuple[int, int] | None = None,
    ) -> None:
        """Args: what draws, what it is called with, where, and height and width of guides."""
        self._pipeline = pipeline
        self._guide_size = guide_size
        # Pipelines want them for each prompt, as they have the prompts.
        self._texts = {name: one for name, one in options.items() if isinstance(one, str)}
        self._options = {name: one for name, one in options.items() if name not in self._texts}
        self._one_by_one = device.type == "cpu"

    @property
    def full_batches(self) -> bool:
        """Whether batches should all have one size; see `ImageGenerator`."""
        return not self._one_by_one

    def announce(self, prompts: Sequence[str]) -> None:
        """Say once how many prompts the model's first tokenizer cuts."""
        tokenizer = getattr(self._pipeline, "tokenizer", None)
        longest = getattr(tokenizer, "model_max_length", None)
        if tokenizer is None or longest is None:
            return
        # Diffusers says it for every batch.
        logging.getLogger(type(self._pipeline).__module__).setLevel(logging.ERROR)
        lengths = [len(tokenizer(p, truncation=False, verbose=False).input_ids) for p in prompts]
        cut = [place for place, length in enumerate(lengths) if length > longest]
        if cut:
            log.warning(
                "%d of %d prompts are longer than %d tokens, and the model's tokenizer cuts them; "
                "the first is %r",
                len(cut),
                len(prompts),
                longest,
                prompts[cut[0]],
            )

    def at_guidance_scale(self, scale: float) -> Self:
        """Return the same model at another guidance scale."""
        other = copy.copy(self)
        other._options = self._options | {"guidance_scale": scale}
        return other

    def whole_batch(self, size: int) -> int:
        """Return `size`: a GPU takes any, and a CPU one at a time; see `ImageGenerator`."""
        return size

    def put_on(self, settings: ImagesSettings, embeddings: Mapping[str, Embedding]) -> None:
        """Take on LoRA weights and embeddings; see `ImageGenerator`."""
        put_on_lora(self._pipeline, settings)
        put_on_embeddings(self._pipeline, embeddings)

    def draw(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        guides: Sequence[Image.Image] | None = None,
    ) -> list[Drawn]:
        """Draw one picture for each prompt; see `ImageGenerator`.

        Raises:
            UserError: the pipeline does not draw with these settings, or memory is at its end.
            torch.OutOfMemoryError: a GPU's is.
        """
        if not self._one_by_one:
            return self._draw_together(prompts, seeds, guides)
        return [
            self._draw_together(
                [prompt], [seed], None if guides is None else guides[place : place + 1]
            )[0]
            for place, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True))
        ]

    def _draw_together(
        self, prompts: Sequence[str], seeds: Sequence[int], guides: Sequence[Image.Image] | None
    ) -> list[Drawn]:
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        texts = {name: [text] * len(prompts) for name, text in self._texts.items()}
        options = {**texts, **self._options}
        start = {} if guides is None else {"image": self._fitting(guides)}
        try:
            with telling_out_of_memory():
                output = self._pipeline(
                    prompt=list(prompts),
                    generator=generators,
                    output_type="np",
                    **options,
                    **start,
                )
        except (torch.OutOfMemoryError, UserError):
            raise
        except Exception as error:  # whatever diffusers has against the settings
            raise refusal(error, self._pipeline, options) from error
        blanked = getattr(output, "nsfw_content_detected", None) or [False] * len(prompts)
        return [_drawn(*pair) for pair in zip(output.images, blanked, strict=True)]

    def _fitting(self, guides: Sequence[Image.Image]) -> list[Image.Image]:
        """Return guides in the size that is drawn."""
        if self._guide_size is None:
            raise ValueError("guides: the pipeline was loaded to draw from text alone")
        return [fit(guide, self._guide_size) for guide in guides]


def _drawn(picture: np.ndarray[Any, np.dtype[Any]], blanked: bool) -> Drawn:
    """Return one picture (H, W, 3), 0 to 1, as bytes."""
    if blanked:
        return Drawn(None, BLANKED)
    if not np.isfinite(picture).all():
        return Drawn(None, NOT_FINITE)
    return Drawn(np.rint(picture * 255).astype(np.uint8))


def load_diffusers(
    settings: ImagesSettings, device: torch.device, folder: Path
) -> DiffusersGenerator:
    """Load a pipeline from a folder, in evaluation mode, from safetensors alone.

    Raises:
        UserError: no pipeline of that kind, weights that are pickles or not those of its networks,
            code of its own in the folder, an option that this kind of pipeline does not have, or
            guides for one of which nobody says in which size it draws.
    """
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    kind, auto = KINDS[settings.guide]
    what = f"images.model: {folder} does not load as {_article(kind)} pipeline of diffusers"
    dtype = DTYPES[settings.precision]
    networks = load_networks(folder, dtype, what)
    with loading(what), quiet():
        pipeline = auto.from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            low_cpu_mem_usage=False,
            **networks,
        )
        pipeline.to(device)
    options = _options(settings, pipeline)
    tokenizers = {name: getattr(pipeline, name, None) for name in TOKENIZERS}
    check_vocabulary(tokenizers, f"images.model: {folder}")
    pipeline.set_progress_bar_config(disable=True)
    denoisers = [getattr(pipeline, name, None) for name in DENOISERS]
    found = [network for network in denoisers if network is not None]
    if settings.compile != "off" and not found:
        raise UserError(
            f"images.compile: {settings.compile}, but {type(pipeline).__name__} has no "
            f"{' or '.join(DENOISERS)} to compile; set it to off"
        )
    for network in found:
        make_quick(network, device, settings.compile)
    size = _guide_size(settings, pipeline) if settings.guide == "real" else None
    return DiffusersGenerator(pipeline, options, device, size)


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _guide_size(settings: ImagesSettings, pipeline: Any) -> tuple[int, int]:
    """Return height and width of what a pipeline draws: those that are set, or its own."""
    if settings.height and settings.width:
        return settings.height, settings.width
    networks = [getattr(pipeline, name, None) for name in DENOISERS]
    sizes = [network.config.get("sample_size") for network in networks if network is not None]
    own = next(filter(None, [getattr(pipeline, "default_sample_size", None), *sizes]), None)
    scale = getattr(pipeline, "vae_scale_factor", None)
    if own is None or scale is None:
        raise UserError(
            f"images.guide: real, but {type(pipeline).__name__} does not say in which size it "
            "draws; set images.height and images.width"
        )
    height, width = own if isinstance(own, Sequence) else (own, own)
    return int(height) * scale, int(width) * scale


def _options(settings: ImagesSettings, pipeline: Any) -> dict[str, Any]:
    """Return what the pipeline is called with, each of which it must know by name."""
    wanted = {
        "steps": ("num_inference_steps", int(settings.steps)),
        "guidance_scale": ("guidance_scale", settings.guidance_scale),
        "negative_prompt": ("negative_prompt", settings.negative_prompt or None),
        "height": ("height", settings.height),
        "width": ("width", settings.width),
        "strength": ("strength", settings.strength if settings.guide == "real" else None),
    }
    known = inspect.signature(pipeline.__call__).parameters
    if settings.guide == "real" and "height" not in known:
        del wanted["height"], wanted["width"]  # the guides have that size
    for key, (name, value) in wanted.items():
        if value is not None and name not in known:
            fix = "choose another model" if key in ALWAYS_SET else "leave it out"
            raise UserError(f"images.{key}: {type(pipeline).__name__} takes no {name}; {fix}")
    return {name: value for name, value in wanted.values() if value is not None}
