"""Trains the tiny CLIP: open_clip's own model class, at a size that suffices for printed digits."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from open_clip import CLIP, ClipLoss, get_tokenizer
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from sau.networks import seeded
from scripts.tiny_models.loop import LoopSettings, run_steps
from scripts.tiny_models.pool import Pool, step_generator

CONTEXT_LENGTH = 32
CONFIG_FILE = "open_clip_config.json"
WEIGHTS_FILE = "open_clip_model.safetensors"
LARGEST_LOGIT_SCALE = math.log(100.0)


@dataclass(frozen=True)
class ClipTraining:
    """Settings of the training run.

    With pixels in [0, 1], `tint` is the brightest background and `noise` the largest standard
    deviation; `blur_share` is the share of blurred pictures.
    """

    steps: int = 2000
    batch_size: int = 128
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    weight_decay: float = 0.05
    gradient_norm: float = math.inf
    noise: float = 0.2
    tint: float = 0.3
    blur_share: float = 0.3
    steps_per_checkpoint: int = 500
    seed: int = 0


def clip_config(vocabulary_size: int) -> dict[str, Any]:
    """The folder's `open_clip_config.json`: model and preprocessing."""
    vision = {"image_size": 16, "patch_size": 4, "width": 64, "layers": 3, "head_width": 32}
    text = {
        "context_length": CONTEXT_LENGTH,
        "vocab_size": vocabulary_size,
        "width": 64,
        "heads": 2,
        "layers": 2,
        # Any name makes open_clip read the tokenizer from the model's own folder.
        "hf_tokenizer_name": "tiny-clip",
        "tokenizer_kwargs": {"clean": "lower"},
    }
    preprocessing = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic"}
    return {
        "model_cfg": {"embed_dim": 64, "vision_cfg": vision, "text_cfg": text},
        "preprocess_cfg": {"size": 16, "mode": "RGB", "resize_mode": "squash", **preprocessing},
    }


def save_clip_config(folder: Path, vocabulary_size: int) -> None:
    """Write `open_clip_config.json`."""
    text = json.dumps(clip_config(vocabulary_size), indent=2, sort_keys=True)
    (folder / CONFIG_FILE).write_text(text + "\n", encoding="utf-8")


def save_clip_weights(folder: Path, model: CLIP) -> None:
    """Write the weights as float32 safetensors, the dtype open_clip loads by default."""
    weights = {key: value.detach().contiguous() for key, value in model.state_dict().items()}
    save_file(weights, folder / WEIGHTS_FILE)


def train_clip(settings: ClipTraining, pool: Pool, folder: Path, checkpoint: Path) -> CLIP:
    """Train the model that `folder` configures, resuming from `checkpoint` if there is one."""
    config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    with seeded(settings.seed):
        model = CLIP(**config["model_cfg"])
    optimizer = torch.optim.AdamW(
        model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    tokens = _tokenize(pool.captions, folder)
    contrast = ClipLoss()

    def loss_of_step(step: int) -> Tensor:
        loss: Tensor = contrast(*model(*_batch(settings, step, pool.images, tokens)))
        return loss

    return run_clip_steps(settings, model, optimizer, checkpoint, loss_of_step)


def run_clip_steps(
    settings: LoopSettings,
    model: CLIP,
    optimizer: torch.optim.Optimizer,
    checkpoint: Path,
    loss_of_step: Callable[[int], Tensor],
) -> CLIP:
    """Take all steps from `checkpoint` on, and return the model in evaluation mode."""
    run_steps(
        "CLIP",
        settings,
        {"model": model},
        optimizer,
        checkpoint,
        loss_of_step,
        # CLIP's own limit, which keeps the training stable (Radford et al. 2021, section 2.5).
        after_step=lambda: model.logit_scale.data.clamp_(0.0, LARGEST_LOGIT_SCALE),
    )
    return model.eval()


def _tokenize(captions: list[list[str]], folder: Path) -> Tensor:
    """Token ids (N, K, T) int64 by the tokenizer that open_clip loads from the folder."""
    tokenize = get_tokenizer(f"local-dir:{folder}")
    flat: Tensor = tokenize([caption for row in captions for caption in row])
    return flat.view(len(captions), len(captions[0]), CONTEXT_LENGTH)


def _batch(
    settings: ClipTraining, step: int, images: Tensor, tokens: Tensor
) -> tuple[Tensor, Tensor]:
    """A random batch: disturbed pictures (B, 3, 16, 16) in [-1, 1] and token ids (B, T)."""
    generator = step_generator(settings.seed, step)
    size = (settings.batch_size,)
    rows = torch.randint(len(images), size, generator=generator)
    columns = torch.randint(tokens.shape[1], size, generator=generator)
    clean = images[rows].float() / 255
    return disturb(clean, settings, generator) * 2 - 1, tokens[rows, columns]


def disturb(images: Tensor, settings: ClipTraining, generator: torch.Generator) -> Tensor:
    """Tint the background, blur some pictures and add noise: (B, 3, H, W) in [0, 1].

    Generated pictures are less clean than printed ones, and the scorer has to read both.
    """
    each = (len(images), 1, 1, 1)
    tint = settings.tint * torch.rand((len(images), 3, 1, 1), generator=generator)
    images = tint + (1 - tint) * images
    blurred = functional.avg_pool2d(images, 3, stride=1, padding=1)
    chosen = torch.rand(each, generator=generator) < settings.blur_share
    images = torch.where(chosen, blurred, images)
    strength = settings.noise * torch.rand(each, generator=generator)
    return (images + strength * torch.randn(images.shape, generator=generator)).clamp(0, 1)
