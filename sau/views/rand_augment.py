"""RandAugment: operations drawn at random, all of one magnitude, a batch at a time."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from sau.views.draws import coins, integers
from sau.views.operations import apply_steps
from sau.views.steps import SIGNED

LEVELS = 31
"""Magnitudes have a level from 0 to 30, as in Cubuk et al.'s paper and in torchvision."""

OPERATIONS = (
    "Identity",
    "ShearX",
    "ShearY",
    "TranslateX",
    "TranslateY",
    "Rotate",
    "Brightness",
    "Color",
    "Contrast",
    "Sharpness",
    "Posterize",
    "Solarize",
    "AutoContrast",
    "Equalize",
)
"""Those of the paper."""


def rand_augment(
    images: Tensor,
    steps: int,
    level: int,
    generator: Generator,
    operations: Sequence[str] = OPERATIONS,
) -> Tensor:
    """Apply `steps` operations of its own to each image, one after the other.

    Each image gets what `torchvision.transforms.v2.RandAugment` would give it; pixels that come
    in from outside are black.

    Args:
        images: uint8 (B, 3, H, W).
        steps: n of the paper; an operation can be drawn more than once.
        level: m of the paper, 0 to 30, of every operation.
        generator: of the CPU; two draws per image and step.
        operations: what is drawn from, each with the same probability.

    Returns a new tensor of the same shape and dtype.

    Source: Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced
    search space" (CVPR Workshops 2020).
    """
    count = images.shape[0]
    images = images.clone(memory_format=torch.contiguous_format)
    for _ in range(steps):
        kinds = integers(torch.full((count,), len(operations)), generator).tolist()
        negative = coins(count, 0.5, generator).tolist()
        names = [operations[kind] for kind in kinds]
        drawn = [
            (name, level, sign and name in SIGNED)
            for name, sign in zip(names, negative, strict=True)
        ]
        apply_steps(images, drawn, LEVELS)
    return images
