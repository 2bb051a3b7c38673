"""Pictures from prompts, by GLIDE."""

import diffusers
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from PIL import Image

from sau import manifest
from sau.errors import UserError
from sau.images.glide.pipeline import GlidePipeline, to_bytes
from sau.images.settings import ImagesSettings
from sau.manifest.schemas import STATUS_FAILED, STATUS_OK
from sau.progress import progress
from sau.rng import derive_seed
from sau.shipped import model_folder
from sau.sources.decode import encode_png
from sau.sources.resize import resize


def generate(prompts: pa.Table, settings: ImagesSettings) -> pa.Table:
    """Generate one image for each prompt.

    Args:
        prompts: rows of a prompts manifest; may be none.
        settings: the section `images`, with source glide.

    Returns: rows of an images manifest, in the order of the prompts. A sample that is not finite
        is a failed row.

    Raises:
        UserError: no such model, or no such device.
    """
    rows = prompts.to_pylist()
    pipeline = load_pipeline(settings) if rows else None
    batches = [rows[i : i + settings.batch_size] for i in range(0, len(rows), settings.batch_size)]
    images: list[dict[str, object]] = []
    for batch in progress(batches, "images", unit="batch"):
        assert pipeline is not None
        seeds = [derive_seed("images", settings.seed, row["id"]) for row in batch]
        samples = pipeline.sample(
            [row["prompt"] for row in batch],
            seeds,
            respacing=settings.steps,
            guidance_scale=settings.guidance_scale,
        )
        finite = torch.isfinite(samples).flatten(1).all(dim=1).tolist()
        pixels = to_bytes(torch.nan_to_num(samples))
        images += [
            image_row(row, seed, picture if is_finite else None, settings.image_size)
            for row, seed, picture, is_finite in zip(batch, seeds, pixels, finite, strict=True)
        ]
    return pa.Table.from_pylist(images, schema=manifest.SCHEMAS["images"])


def load_pipeline(settings: ImagesSettings) -> GlidePipeline:
    """Load the generator onto its device, in evaluation mode.

    Raises:
        UserError: no such folder, no such device, or a folder that holds another model.
    """
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise UserError("images.device: cuda, but this machine has no CUDA GPU; set it to cpu")
    torch.set_num_threads(settings.threads)
    folder = model_folder(settings.model, "images.model")
    diffusers.utils.logging.disable_progress_bar()  # loading takes no time worth a bar
    try:
        pipeline: GlidePipeline = GlidePipeline.from_pretrained(folder)
    except (OSError, ValueError) as error:
        raise UserError(f"images.model: {folder} does not load as GLIDE: {error}") from error
    return pipeline.to(settings.device)


def image_row(
    prompt: dict[str, object],
    seed: int,
    pixels: npt.NDArray[np.uint8] | None,
    image_size: int | None,
) -> dict[str, object]:
    """Return one row of the images manifest.

    Args:
        prompt: a row of the prompts manifest.
        seed: the image's own.
        pixels: (H, W, 3); None if the sample was not finite.
        image_size: side in pixels that the image is resized to (Lanczos); None leaves it.
    """
    row: dict[str, object] = {
        "id": f"synthetic/{prompt['id']}",
        "label": prompt["label"],
        "prompt": prompt["prompt"],
        "seed": seed,
    }
    if pixels is None:
        return {**row, "status": STATUS_FAILED, "reason": "the sample is not finite"}
    picture = resize(Image.fromarray(pixels), image_size)
    return {
        **row,
        "image": {"bytes": encode_png(picture), "path": None},
        "width": picture.width,
        "height": picture.height,
        "status": STATUS_OK,
        "reason": None,
    }
