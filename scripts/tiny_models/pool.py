"""The training pool: pictures and captions made once, so that a training step only looks up."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from scripts.tiny_models.captions import make_caption
from scripts.tiny_models.render import DIGIT_NAMES, IMAGE_SIZE, render_random


@dataclass(frozen=True)
class Pool:
    """N pictures (N, 3, 16, 16) uint8, their labels (N,) int64 and N x K captions."""

    images: Tensor
    labels: Tensor
    captions: list[list[str]]


def render_pool(count: int, captions_each: int, seed: int) -> Pool:
    """Print `count` digits, the classes in turn, and describe each `captions_each` times."""
    generator = np.random.default_rng(seed)
    images = np.empty((count, IMAGE_SIZE, IMAGE_SIZE, 3), dtype=np.uint8)
    captions = []
    for index in tqdm(range(count), desc="pictures", unit="picture", mininterval=1.0):
        images[index], attributes = render_random(index % len(DIGIT_NAMES), generator)
        captions.append([make_caption(attributes, generator) for _ in range(captions_each)])
    labels = torch.arange(count) % len(DIGIT_NAMES)
    return Pool(torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), labels, captions)


def step_generator(seed: int, step: int) -> torch.Generator:
    """Random numbers of one training step, the same in a resumed run as in an unbroken one."""
    return torch.Generator().manual_seed(seed * 1_000_003 + step)
