"""MixUp and CutMix of two batches, and their mixed labels."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sau.device.transfer import upload


def mix_labels(
    first: Tensor,
    second: Tensor,
    ratio: float,
    classes: int,
    weights: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Return `ratio` parts of the labels `first` and the rest of `second`, as float32 (B, C).

    Args:
        first: int64 (B,).
        second: the same shape.
        ratio: 0 to 1.
        classes: C.
        weights: of the images of either batch, float32 (B,) each: what their labels count; None
            for 1.
    """
    one_hot = [F.one_hot(labels, classes).float() for labels in (first, second)]
    if weights is not None:
        one_hot = [hot * weight[:, None] for hot, weight in zip(one_hot, weights, strict=True)]
    return ratio * one_hot[0] + (1 - ratio) * one_hot[1]


def draw_partners(count: int, generator: np.random.Generator, device: torch.device) -> Tensor:
    """Return whom each image of a batch is mixed with, a permutation, int64 (count,)."""
    return upload(torch.from_numpy(generator.permutation(count)), device)


def mixup(first: Tensor, second: Tensor, ratio: float) -> Tensor:
    """Return `ratio * first + (1 - ratio) * second` of two float batches (B, 3, H, W).

    Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization" (ICLR 2018).
    """
    return ratio * first + (1 - ratio) * second


def cutmix(
    first: Tensor, second: Tensor, ratio: float, generator: np.random.Generator
) -> tuple[Tensor, float]:
    """Paste one random box of `second` into `first`, the same box for all images of the batch.

    Args:
        first: float (B, 3, H, W).
        second: the same shape.
        ratio: share of `first` that should stay, 0 to 1.
        generator: two draws, the box's centre.

    Returns the mixed images, and the share of `first` that really stayed: more than `ratio` where
    the box was clipped at the border. The published code mixes the labels by `ratio` all the same.

    Source: Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with
    Localizable Features" (ICCV 2019).
    """
    height, width = first.shape[2:]
    top, bottom, left, right = draw_box(height, width, ratio, generator)
    mixed = first.clone()
    mixed[:, :, top:bottom, left:right] = second[:, :, top:bottom, left:right]
    return mixed, 1 - (bottom - top) * (right - left) / (height * width)


def draw_box(
    height: int, width: int, ratio: float, generator: np.random.Generator
) -> tuple[int, int, int, int]:
    """Return top, bottom, left and right of a box: centre uniform, sides sqrt(1 - ratio)."""
    side = math.sqrt(1 - ratio)
    top, bottom = _interval(height, int(height * side), int(generator.integers(height)))
    left, right = _interval(width, int(width * side), int(generator.integers(width)))
    return top, bottom, left, right


def _interval(length: int, extent: int, centre: int) -> tuple[int, int]:
    return max(centre - extent // 2, 0), min(centre + extent // 2, length)
