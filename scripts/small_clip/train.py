"""Trains open_clip's own model class on labelled images, with captions made from class names."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from open_clip import CLIP, get_tokenizer
from torch import Generator, Tensor

from sau.networks import seeded
from sau.templates.template_sets import CLIP_80, expand
from sau.templates.templates import clean_name, fill
from sau.views.crop import random_crop_flip
from scripts.small_clip.loss import label_aware_loss
from scripts.small_clip.settings import SmallClipTraining
from scripts.tiny_models.pool import step_generator
from scripts.tiny_models.train_clip import run_clip_steps

CONTEXT_LENGTH = 32
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def captions(class_names: Sequence[str]) -> list[list[str]]:
    """Return the captions of each class: CLIP's 80 templates with its name."""
    return [[fill(line, clean_name(name)) for line in expand([CLIP_80])] for name in class_names]


def model_config(settings: SmallClipTraining, vocabulary_size: int, name: str) -> dict[str, Any]:
    """The folder's `open_clip_config.json`: model and preprocessing."""
    vision = {
        "timm_model_name": settings.image_tower,
        "timm_model_pretrained": False,
        "timm_pool": "",
        "timm_proj": "linear",
        "image_size": settings.image_size,
    }
    text = {
        "context_length": CONTEXT_LENGTH,
        "vocab_size": vocabulary_size,
        "width": 64,
        "heads": 2,
        "layers": 2,
        # Any name makes open_clip read the tokenizer from the model's own folder.
        "hf_tokenizer_name": name,
        "tokenizer_kwargs": {"clean": "lower"},
    }
    preprocessing = {
        "size": settings.image_size,
        "mode": "RGB",
        "mean": list(IMAGENET_MEAN),
        "std": list(IMAGENET_STD),
        "interpolation": "bicubic",
        "resize_mode": "squash",
    }
    sizes = {"embed_dim": settings.embedding, "vision_cfg": vision, "text_cfg": text}
    return {"model_cfg": sizes, "preprocess_cfg": preprocessing}


def train(
    settings: SmallClipTraining,
    images: Tensor,
    labels: Tensor,
    class_captions: list[list[str]],
    folder: Path,
    checkpoint: Path,
) -> CLIP:
    """Train the model that `folder` configures, resuming from `checkpoint` if there is one.

    Args:
        settings: of the run.
        images: uint8 (N, 3, H, W).
        labels: int64 (N,).
        class_captions: K captions of each class.
        folder: holds `open_clip_config.json` and the tokenizer.
        checkpoint: a file that is written as training goes.
    """
    config = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))
    with seeded(settings.seed):
        model = CLIP(**config["model_cfg"])
    optimizer = torch.optim.AdamW(
        model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    tokens = tokenize(class_captions, folder)

    def loss_of_step(step: int) -> Tensor:
        generator = step_generator(settings.seed, step)
        rows = torch.randint(len(images), (settings.batch_size,), generator=generator)
        columns = torch.randint(tokens.shape[1], (settings.batch_size,), generator=generator)
        pixels = view(images[rows], settings, generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bfloat16"):
            seen, read, scale = model(pixels, tokens[labels[rows], columns])
        return label_aware_loss(seen.float(), read.float(), scale, labels[rows])

    return run_clip_steps(settings, model, optimizer, checkpoint, loss_of_step)


def tokenize(class_captions: list[list[str]], folder: Path) -> Tensor:
    """Token ids (C, K, T) int64 by the tokenizer that open_clip loads from the folder."""
    flat: Tensor = get_tokenizer(f"local-dir:{folder}")(
        [caption for row in class_captions for caption in row]
    )
    return flat.view(len(class_captions), -1, CONTEXT_LENGTH)


def view(images: Tensor, settings: SmallClipTraining, generator: Generator) -> Tensor:
    """Crop and flip uint8 (B, 3, H, W), then enlarge and normalise as the preprocessing does.

    Returns float32 (B, 3, S, S), channels-last in memory.
    """
    cropped = random_crop_flip(images, settings.crop_padding, True, generator)
    return preprocess(cropped, settings.image_size)


def preprocess(images: Tensor, size: int) -> Tensor:
    """What open_clip's preprocessing does to a PIL image, for a batch: uint8 to float32."""
    if images.shape[-2:] != (size, size):
        # Antialiased, and of bytes: then torch's bicubic kernel and rounding are Pillow's.
        images = F.interpolate(images, (size, size), mode="bicubic", antialias=True)
    pixels = images.to(torch.float32)
    mean, std = (torch.tensor(value)[:, None, None] for value in (IMAGENET_MEAN, IMAGENET_STD))
    return ((pixels / 255 - mean) / std).contiguous(memory_format=torch.channels_last)
