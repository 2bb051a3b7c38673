"""AutoAugment's policy for CIFAR-10, a batch at a time."""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import functional as vision

from sau.training.views.draws import integers

LEVELS = 10
"""Magnitudes have a level from 0 to 9."""

SIGNED = frozenset({"ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color"}) | {
    "Contrast",
    "Sharpness",
}
"""Operations whose magnitude is negated with probability 1/2."""

Step = tuple[str, float, int]
"""An operation, its probability and its level (0 where it has no magnitude)."""

CIFAR10_POLICY: tuple[tuple[Step, Step], ...] = (
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


def auto_augment(images: Tensor, generator: Generator) -> Tensor:
    """Apply a random sub-policy of the CIFAR-10 policy to each image.

    Images for which the same operation, level and sign were drawn are handled together by
    torchvision's own operation, so each image gets what `torchvision.transforms.v2.AutoAugment`
    would give it; pixels that come in from outside are black.

    Args:
        images: uint8 (B, 3, H, W).
        generator: of the CPU; five draws per image.

    Returns a new tensor of the same shape and dtype.
    """
    count = images.shape[0]
    policy = integers(torch.full((count,), len(CIFAR10_POLICY)), generator).tolist()
    chances = torch.rand(count, 2, generator=generator).tolist()
    negative = (torch.rand(count, 2, generator=generator) < 0.5).tolist()
    images = images.clone(memory_format=torch.contiguous_format)
    for place in (0, 1):
        groups: dict[tuple[str, int, bool], list[int]] = {}
        for image, chosen in enumerate(policy):
            name, probability, level = CIFAR10_POLICY[chosen][place]
            if chances[image][place] <= probability:
                sign = negative[image][place] and name in SIGNED
                groups.setdefault((name, level, sign), []).append(image)
        for (name, level, sign), members in groups.items():
            index = torch.tensor(members, device=images.device)
            images[index] = operation(name, level, sign, images.shape[2:])(images[index])
    return images


def magnitude(name: str, level: int, size: tuple[int, ...]) -> float:
    """Return the strength of an operation at a level from 0 to 9, for images of `size` (H, W).

    Shears are slopes, translations pixels, Rotate degrees, Posterize the bits that are kept,
    Solarize a share of the largest value, the colour operations the change of a factor of 1.
    """
    if name == "Posterize":
        return float(8 - round(4 * level / (LEVELS - 1)))
    weakest = 1.0 if name == "Solarize" else 0.0
    strongest = {
        "ShearY": 0.3,
        "TranslateX": 150 / 331 * size[1],
        "TranslateY": 150 / 331 * size[0],
        "Rotate": 30.0,
        "Solarize": 0.0,
    }.get(name, 0.9)
    # In float32, as torchvision: 0.3 and 0.30000001 can round a pixel to two different values.
    return float(torch.linspace(weakest, strongest, LEVELS)[level])


def operation(
    name: str, level: int, negative: bool, size: tuple[int, ...]
) -> Callable[[Tensor], Tensor]:
    """Return the function of uint8 (B, 3, H, W) that an operation is at this level and sign."""
    strength = magnitude(name, level, size) * (-1 if negative else 1)
    affine = partial(vision.affine, angle=0.0, scale=1.0)
    slope = math.degrees(math.atan(strength))
    table: dict[str, Callable[[Tensor], Tensor]] = {
        # A shear moves rows or columns relative to the first, not to the centre, as Pillow's does.
        "ShearY": partial(affine, translate=[0, 0], shear=[0.0, slope], center=[0, 0]),
        "TranslateX": partial(affine, translate=[int(strength), 0], shear=[0.0, 0.0]),
        "TranslateY": partial(affine, translate=[0, int(strength)], shear=[0.0, 0.0]),
        "Rotate": partial(vision.rotate, angle=strength),
        "Brightness": partial(vision.adjust_brightness, brightness_factor=1 + strength),
        "Color": partial(vision.adjust_saturation, saturation_factor=1 + strength),
        "Contrast": partial(vision.adjust_contrast, contrast_factor=1 + strength),
        "Sharpness": partial(vision.adjust_sharpness, sharpness_factor=1 + strength),
        "Posterize": partial(vision.posterize, bits=int(strength)),
        "Solarize": partial(vision.solarize, threshold=255.0 * strength),
        "AutoContrast": vision.autocontrast,
        "Equalize": vision.equalize,
        "Invert": vision.invert,
    }
    return table[name]
