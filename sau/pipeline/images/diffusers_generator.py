"""Any text-to-image model of diffusers as a generator."""

import copy
import inspect
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import diffusers
import numpy as np
import torch
import transformers

from sau.assets.vocabulary import check_vocabulary
from sau.core.errors import UserError
from sau.core.unloadable import loading
from sau.pipeline.images.device import DTYPES, make_quick
from sau.pipeline.images.image_generator import NOT_FINITE, Drawn
from sau.pipeline.images.networks import load_networks, quiet
from sau.pipeline.images.refusals import refusal, telling_out_of_memory
from sau.pipeline.images.settings import ImagesSettings

BLANKED = "the model's safety checker blanked the picture"

DENOISERS = ("unet", "transformer")
"""What pipelines call the network that takes a step."""

TOKENIZERS = ("tokenizer", "tokenizer_2", "tokenizer_3")
"""What they call those of their text encoders."""

ALWAYS_SET = ("steps", "guidance_scale")
"""Settings that have a value whether one is given or not."""

log = logging.getLogger(__name__)


class DiffusersGenerator:
    """Draws with a pipeline of diffusers, its safety checker left as the model has it.

    Each picture has a random generator of its own, on the CPU whatever the device. On a CPU the
    pictures of a batch are drawn one after the other: sums round by the shape of what is summed,
    and these networks are large enough to keep a CPU busy with one.
    """

    def __init__(self, pipeline: Any, options: dict[str, Any], device: torch.device) -> None:
        self._pipeline = pipeline
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

    def draw(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[Drawn]:
        """Draw one picture for each prompt.

        Raises:
            UserError: the pipeline does not draw with these settings, or memory is at its end.
            torch.OutOfMemoryError: a GPU's is.
        """
        if not self._one_by_one:
            return self._draw_together(prompts, seeds)
        pairs = zip(prompts, seeds, strict=True)
        return [self._draw_together([prompt], [seed])[0] for prompt, seed in pairs]

    def _draw_together(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[Drawn]:
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        texts = {name: [text] * len(prompts) for name, text in self._texts.items()}
        options = {**texts, **self._options}
        try:
            with telling_out_of_memory():
                output = self._pipeline(
                    prompt=list(prompts), generator=generators, output_type="np", **options
                )
        except (torch.OutOfMemoryError, UserError):
            raise
        except Exception as error:  # whatever diffusers has against the settings
            raise refusal(error, self._pipeline, options) from error
        blanked = getattr(output, "nsfw_content_detected", None) or [False] * len(prompts)
        return [_drawn(*pair) for pair in zip(output.images, blanked, strict=True)]


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
        UserError: no text-to-image pipeline, weights that are pickles or not those of its networks,
            code of its own in the folder, or an option that this kind of pipeline does not have.
    """
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    what = f"images.model: {folder} does not load as a text-to-image pipeline of diffusers"
    dtype = DTYPES[settings.precision]
    networks = load_networks(folder, dtype, what)
    with loading(what), quiet():
        pipeline = diffusers.AutoPipelineForText2Image.from_pretrained(  # type: ignore[no-untyped-call]
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
    return DiffusersGenerator(pipeline, options, device)


def _options(settings: ImagesSettings, pipeline: Any) -> dict[str, Any]:
    """Return what the pipeline is called with, each of which it must know by name."""
    wanted = {
        "steps": ("num_inference_steps", int(settings.steps)),
        "guidance_scale": ("guidance_scale", settings.guidance_scale),
        "negative_prompt": ("negative_prompt", settings.negative_prompt or None),
        "height": ("height", settings.height),
        "width": ("width", settings.width),
    }
    known = inspect.signature(pipeline.__call__).parameters
    for key, (name, value) in wanted.items():
        if value is not None and name not in known:
            fix = "choose another model" if key in ALWAYS_SET else "leave it out"
            raise UserError(f"images.{key}: {type(pipeline).__name__} takes no {name}; {fix}")
    return {name: value for name, value in wanted.values() if value is not None}
