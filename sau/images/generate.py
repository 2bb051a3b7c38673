"""Pictures from prompts, by GLIDE."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from PIL import Image
from torch import Tensor

from sau import manifest
from sau.images.glide.cascade import GlideCascade
from sau.images.glide.pipeline import GlidePipeline
from sau.images.glide.pixels import to_bytes
from sau.images.load import load_generator
from sau.images.settings import ImagesSettings
from sau.manifest.schemas import STATUS_FAILED, STATUS_OK
from sau.progress import progress
from sau.rng import derive_seed
from sau.sources.decode import encode_png
from sau.sources.resize import resize

EMPTY_PROMPT = "the prompt is empty"
NOT_FINITE = "the sample is not finite"


def generate(prompts: pa.Table, settings: ImagesSettings) -> pa.Table:
    """Generate one image for each prompt.

    Args:
        prompts: rows of a prompts manifest; may be none.
        settings: the section `images`, with source glide.

    Returns: rows of an images manifest, in the order of the prompts. An empty prompt and a sample
        that is not finite are failed rows. Prompts that are longer than the model's context are
        cut, which is said once.

    Raises:
        UserError: no such model, or no such device.
    """
    rows = prompts.to_pylist()
    seeds = {row["id"]: derive_seed("images", settings.seed, row["id"]) for row in rows}
    # The empty prompt is the unconditional one: its picture would be of any class.
    wanted = [row for row in rows if row["prompt"].strip()]
    pictures: dict[str, npt.NDArray[np.uint8] | None] = {}
    if wanted:
        generator = load_generator(settings)
        generator.glide_tokenizer.warn_of_cut([row["prompt"] for row in wanted])
        starts = range(0, len(wanted), settings.batch_size)
        for start in progress(starts, "images", unit="batch"):
            batch = wanted[start : start + settings.batch_size]
            own = [seeds[row["id"]] for row in batch]
            samples = draw(generator, [row["prompt"] for row in batch], own, settings)
            pictures.update(
                zip([row["id"] for row in batch], finite_pictures(samples), strict=True)
            )
    images = [
        image_row(row, seeds[row["id"]], pictures[row["id"]], NOT_FINITE, settings.image_size)
        if row["id"] in pictures
        else image_row(row, seeds[row["id"]], None, EMPTY_PROMPT, settings.image_size)
        for row in rows
    ]
    return pa.Table.from_pylist(images, schema=manifest.SCHEMAS["images"])


def draw(
    generator: GlidePipeline | GlideCascade,
    prompts: Sequence[str],
    seeds: Sequence[int],
    settings: ImagesSettings,
) -> Tensor:
    """Sample one batch: (N, 3, H, W) float32, about -1 to 1."""
    if isinstance(generator, GlideCascade):
        return generator.sample(
            prompts,
            seeds,
            settings.steps,
            settings.guidance_scale,
            settings.sampler,
            upsampler_respacing=settings.upsampler_steps,
            temperature=settings.upsampler_temperature,
        )
    scale, sampler = settings.guidance_scale, settings.sampler
    return generator.sample(prompts, seeds, settings.steps, scale, sampler=sampler)


def finite_pictures(samples: Tensor) -> list[npt.NDArray[np.uint8] | None]:
    """Return each sample of (N, 3, H, W) as pixels (H, W, 3), or None if it is not finite."""
    finite = torch.isfinite(samples).flatten(1).all(dim=1).tolist()
    pixels = to_bytes(torch.nan_to_num(samples))
    return [picture if good else None for picture, good in zip(pixels, finite, strict=True)]


def image_row(
    prompt: dict[str, object],
    seed: int,
    pixels: npt.NDArray[np.uint8] | None,
    reason: str,
    image_size: int | None,
) -> dict[str, object]:
    """Return one row of the images manifest.

    Args:
        prompt: a row of the prompts manifest.
        seed: the image's own.
        pixels: (H, W, 3); None if there is no picture.
        reason: why there is none; not used if there is one.
        image_size: side in pixels that the image is resized to (Lanczos); None leaves it.
    """
    row: dict[str, object] = {
        "id": f"synthetic/{prompt['id']}",
        "label": prompt["label"],
        "prompt": prompt["prompt"],
        "seed": seed,
    }
    if pixels is None:
        return {**row, "status": STATUS_FAILED, "reason": reason}
    picture = resize(Image.fromarray(pixels), image_size)
    return {
        **row,
        "image": {"bytes": encode_png(picture), "path": None},
        "width": picture.width,
        "height": picture.height,
        "status": STATUS_OK,
        "reason": None,
    }
