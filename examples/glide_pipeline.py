"""Four digits by the tiny GLIDE that is shipped, side by side in one PNG file."""

import sys
import tempfile
from pathlib import Path

import torch
from PIL import Image

from sau.assets.shipped import ASSETS
from sau.glide import GlidePipeline

pipeline = GlidePipeline.from_pretrained(ASSETS / "tiny-glide")
prompts = [f"a photo of the digit {name}." for name in ("zero", "three", "five", "eight")]
pictures = pipeline(
    prompts,
    num_inference_steps=20,
    guidance_scale=3.0,
    generator=[torch.Generator().manual_seed(seed) for seed in range(len(prompts))],
).images

side, scale = pictures[0].width, 8
grid = Image.new("RGB", (side * len(pictures), side))
for place, picture in enumerate(pictures):
    grid.paste(picture, (side * place, 0))
output = sys.argv[1] if len(sys.argv) > 1 else Path(tempfile.gettempdir()) / "digits.png"
grid.resize((grid.width * scale, grid.height * scale), Image.Resampling.NEAREST).save(output)
print(f"{output}: {len(pictures)} pictures of {side} x {side} pixels, enlarged {scale} times")
