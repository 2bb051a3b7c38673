"""Trains the tiny GLIDE: a text-to-image diffusion model of printed digits, 16 x 16 pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import GPT2Tokenizer

from sau.glide.tokenizer import GlideTokenizer
from sau.networks import seeded
from scripts.tiny_models.diffusion_loss import (
    Posterior,
    add_noise,
    hybrid_loss,
    posterior_of,
)
from scripts.tiny_models.glide_model import TINY, TextToNoise
from scripts.tiny_models.loop import run_steps
from scripts.tiny_models.pool import Pool, step_generator


@dataclass(frozen=True)
class GlideTraining:
    """Settings of the training run; the seed fixes the weights up to the machine's arithmetic."""

    steps: int = 5000
    batch_size: int = 64
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    weight_decay: float = 0.0
    gradient_norm: float = 1.0
    caption_dropout: float = 0.1
    average_decay: float = 0.999
    steps_per_checkpoint: int = 500
    seed: int = 0


def train_glide(
    settings: GlideTraining, pool: Pool, tokenizer: GPT2Tokenizer, checkpoint: Path
) -> TextToNoise:
    """Train, resuming from `checkpoint` if there is one, and return the averaged model."""
    with seeded(settings.seed):
        model = TextToNoise(len(tokenizer))
    optimizer = torch.optim.AdamW(
        model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    averaging = get_ema_multi_avg_fn(settings.average_decay)  # type: ignore[no-untyped-call]
    average = AveragedModel(model, multi_avg_fn=averaging)
    posterior = posterior_of(TINY.scheduler())
    ids, mask = tokenize_pool(pool.captions, tokenizer)
    run_steps(
        "GLIDE",
        settings,
        {"model": model, "average": average},
        optimizer,
        checkpoint,
        loss_of_step=lambda step: _loss(settings, step, model, posterior, pool.images, ids, mask),
        after_step=lambda: average.update_parameters(model),
    )
    averaged = average.module
    assert isinstance(averaged, TextToNoise)
    return averaged.eval()


def _loss(
    settings: GlideTraining,
    step: int,
    model: TextToNoise,
    posterior: Posterior,
    images: Tensor,
    ids: Tensor,
    mask: Tensor,
) -> Tensor:
    """Loss of one random batch; a dropped caption is the empty prompt (Ho and Salimans 2022)."""
    generator = step_generator(settings.seed, step)
    size = (settings.batch_size,)
    rows = torch.randint(len(images), size, generator=generator)
    columns = torch.randint(ids.shape[1], size, generator=generator)
    kept = torch.rand(size, generator=generator) >= settings.caption_dropout
    steps = torch.randint(len(posterior.signal), size, generator=generator)
    clean = images[rows].float() / 127.5 - 1
    noise = torch.randn(clean.shape, generator=generator)
    noisy = add_noise(posterior, clean, noise, steps)
    # In float32: bfloat16 is quicker where the processor has it, and 15 times slower elsewhere.
    output = model(noisy, steps, ids[rows, columns], mask[rows, columns] & kept[:, None])
    return hybrid_loss(posterior, output, clean, noisy, noise, steps)


def tokenize_pool(
    captions: Sequence[Sequence[str]], tokenizer: GPT2Tokenizer
) -> tuple[Tensor, Tensor]:
    """Tokenize N x K captions: ids (N, K, T) int64 and mask (N, K, T) bool."""
    tokenize = GlideTokenizer(tokenizer, TINY.context_length)
    tokens = tokenize([caption for row in captions for caption in row])
    shape = (len(captions), len(captions[0]), TINY.context_length)
    return tokens.ids.view(shape), tokens.mask.view(shape)
