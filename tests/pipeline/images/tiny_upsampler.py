"""An upsampler for the shipped tiny GLIDE, 16 to 32 pixels, with random weights."""

import dataclasses
from pathlib import Path

from sau.assets.shipped import model_folder
from sau.glide.cascade import GlideUpsamplePipeline
from sau.glide.convert import convert
from sau.glide.pipeline import GlidePipeline
from tests.glide.published import SMALL_UPSAMPLER, random_checkpoint


def save_tiny_upsampler(folder: Path) -> str:
    """Write the upsampler into a folder, and return its name."""
    sizes = dataclasses.replace(SMALL_UPSAMPLER, image_size=32, vocabulary_size=437)
    networks = convert(random_checkpoint(sizes), sizes, "random")
    tokenizer = GlidePipeline.from_pretrained(model_folder("tiny-glide", "model")).tokenizer
    GlideUpsamplePipeline(tokenizer, *networks, sizes.scheduler()).save_pretrained(folder)
    return str(folder)
