"""How good the tiny models are: what share of pictures the tiny CLIP reads as the class asked."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from open_clip import create_model_from_pretrained, get_tokenizer
from torch import Tensor

from sau.glide.arguments import seeded
from sau.glide.pictures import to_bytes
from sau.glide.pipeline import GlidePipeline
from scripts.tiny_models.pool import render_pool
from scripts.tiny_models.render import DIGIT_NAMES

CLASS_PROMPTS = tuple(f"a photo of the digit {name}." for name in DIGIT_NAMES)


@torch.no_grad()
def zero_shot_classes(folder: Path, images: npt.NDArray[np.uint8]) -> Tensor:
    """Class (N,) int64 that the CLIP in `folder` reads from pictures (N, 16, 16, 3) uint8."""
    model, _ = create_model_from_pretrained(f"local-dir:{folder}", return_transform=True)
    tokens = get_tokenizer(f"local-dir:{folder}")(list(CLASS_PROMPTS))
    # The model's own preprocessing of a picture of its own size: scaling to [-1, 1].
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
    texts: Tensor = model.encode_text(tokens, normalize=True)
    pictures: Tensor = model.encode_image(pixels, normalize=True)
    return (pictures @ texts.T).argmax(dim=1)


def accuracy_on_prints(folder: Path, count: int = 2000, seed: int = 99) -> float:
    """Share of freshly printed digits that the CLIP in `folder` reads right."""
    pool = render_pool(count, 1, seed)
    images = pool.images.permute(0, 2, 3, 1).contiguous().numpy()
    return float((zero_shot_classes(folder, images) == pool.labels).double().mean())


def shares_recognised(
    clip_folder: Path,
    glide_folder: Path,
    each: int = 20,
    respacing: str | int = 20,
    guidance_scale: float = 3.0,
) -> list[float]:
    """Per class, the share of `each` generated pictures that the CLIP reads as the class asked."""
    pipeline = GlidePipeline.from_pretrained(glide_folder)
    prompts = [prompt for prompt in CLASS_PROMPTS for _ in range(each)]
    generators = seeded(range(len(prompts)))
    images = to_bytes(pipeline(prompts, respacing, guidance_scale, generators, "latent").images)
    asked = torch.arange(len(CLASS_PROMPTS)).repeat_interleave(each)
    right = (zero_shot_classes(clip_folder, images) == asked).double()
    return [float(share) for share in right.view(-1, each).mean(dim=1)]
