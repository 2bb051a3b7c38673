"""AutoAugment's policy for CIFAR-10, a batch at a time."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from sau.views.draws import draw, integers
from sau.views.operations import apply_steps
from sau.views.steps import SIGNED, Step

LEVELS = 10
"""Magnitudes have a level from 0 to 9."""

Choice = tuple[str, float, int]
"""An operation, its probability and its level (0 where it has no magnitude)."""

CIFAR10_POLICY: tuple[tuple[Choice, Choice], ...] = (
    (("Invert", 0.1, 0), ("Contrast", 0.2, 6)),
    (("Rotate", 0.7, 2), ("TranslateX", 0.3, 9)),
    (("Sharpness", 0.8, 1), ("Sharpness", 0.9, 3)),
    (("ShearY", 0.5, 8), ("TranslateY", 0.7, 9)),
    (("AutoContrast", 0.5, 0), ("Equalize", 0.9, 0)),
    (("ShearY", 0.2, 7), ("Posterize", 0.3, 7)),
    (("Color", 0.4, 3), ("Brightness", 0.6, 7)),
    (("Sharpness", 0.3, 9), ("Brightness", 0.7, 9)),
    (("Equalize", 0.6, 0), ("Equalize", 0.5, 0)),
    (("Contrast", 0.6, 7), ("Sharpness", 0.6, 5)),
    (("Color", 0.7, 7), ("TranslateX", 0.5, 8)),
    (("Equalize", 0.3, 0), ("AutoContrast", 0.4, 0)),
    (("TranslateY", 0.4, 3), ("Sharpness", 0.2, 6)),
    (("Brightness", 0.9, 6), ("Color", 0.2, 8)),
    (("Solarize", 0.5, 2), ("Invert", 0.0, 0)),
    (("Equalize", 0.2, 0), ("AutoContrast", 0.6, 0)),
    (("Equalize", 0.2, 0), ("Equalize", 0.6, 0)),
    (("Color", 0.9, 9), ("Equalize", 0.6, 0)),
    (("AutoContrast", 0.8, 0), ("Solarize", 0.2, 8)),
    (("Brightness", 0.1, 3), ("Color", 0.7, 0)),
    (("Solarize", 0.4, 5), ("AutoContrast", 0.9, 0)),
    (("TranslateY", 0.9, 9), ("TranslateY", 0.7, 9)),
    (("AutoContrast", 0.9, 0), ("Solarize", 0.8, 3)),
    (("Equalize", 0.8, 0), ("Invert", 0.1, 0)),
    (("TranslateY", 0.7, 9), ("AutoContrast", 0.9, 0)),
)
"""The 25 sub-policies of Cubuk et al., "AutoAugment" (CVPR 2019), table 7."""


def auto_augment(
    images: Tensor,
    generator: Generator,
    policy: Sequence[tuple[Choice, Choice]] = CIFAR10_POLICY,
) -> Tensor:
    """Apply a random sub-policy, by default of the CIFAR-10 policy, to each image.

    Each image gets what `torchvision.transforms.v2.AutoAugment` would give it: pixels that come
    in from outside are black, and no pixel is interpolated. (The copy of the policy in PaCo's and
    GLMC's code fills with grey, and shears with bicubic interpolation.)

    Args:
        images: uint8 (B, 3, H, W).
        generator: of the CPU; five draws per image.
        policy: the sub-policies, each as likely as the others.

    Returns a new tensor of the same shape and dtype.
    """
    count = images.shape[0]
    drawn = integers(torch.full((count,), len(policy)), generator).tolist()
    chances = draw((count, 2), generator).tolist()
    negative = (draw((count, 2), generator) < 0.5).tolist()
    images = images.clone(memory_format=torch.contiguous_format)
    for place in (0, 1):
        steps: list[Step | None] = []
        for image, chosen in enumerate(drawn):
            name, probability, level = policy[chosen][place]
            step = (name, level, negative[image][place] and name in SIGNED)
            steps.append(step if chances[image][place] <= probability else None)
        apply_steps(images, steps, LEVELS)
    return images
