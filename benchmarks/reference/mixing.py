"""MixUp and CutMix of two batches in the training loop, by NumPy's draws."""

import dataclasses
import math

import numpy as np
from torch import Tensor


@dataclasses.dataclass(frozen=True)
class Mix:
    """What is drawn for a batch: the ratios, and CutMix's box (top, bottom, left, right)."""

    mixup_ratio: float
    cutmix_ratio: float
    box: tuple[int, int, int, int]


def draw_mix(height: int, width: int, generator: np.random.Generator) -> Mix:
    """Draw both ratios from Beta(1, 1), and the box's centre anywhere."""
    mixup_ratio, cutmix_ratio = generator.beta(1, 1, size=2).tolist()
    side = math.sqrt(1 - cutmix_ratio)
    spans = [
        _span(length, length * side, generator.uniform(0, length)) for length in (height, width)
    ]
    return Mix(mixup_ratio, cutmix_ratio, (*spans[0], *spans[1]))


def mixup(first: Tensor, second: Tensor, ratio: float) -> Tensor:
    """Return `ratio` parts of `first`, images or one-hot labels, and the rest of `second`."""
    return ratio * first + (1 - ratio) * second


def cutmix(first: Tensor, second: Tensor, box: tuple[int, int, int, int]) -> Tensor:
    """Return `first`, (B, 3, H, W), with the box of `second`."""
    top, bottom, left, right = box
    mixed = first.clone()
    mixed[:, :, top:bottom, left:right] = second[:, :, top:bottom, left:right]
    return mixed


def _span(length: int, extent: float, centre: float) -> tuple[int, int]:
    return round(max(centre - extent / 2, 0)), round(min(centre + extent / 2, length))
