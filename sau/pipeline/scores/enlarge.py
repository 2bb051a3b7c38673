"""Enlarge many small images at once, to the very pixels that Pillow gives for each."""

import functools

import torch
from torch import Tensor

_AT_ONCE = 64
"""Images; between the two filters they are in float64."""

_ONE = 2**22
"""What Pillow's weights sum up to: they are whole numbers, and so its sums are exact."""


def enlarge(images: Tensor, side: int, bilinear: bool) -> Tensor:
    """Return square images at `side` x `side` pixels, as Pillow's `resize` does.

    Rows are filtered first and rounded to whole levels, then columns.

    Args:
        images: (N, 3, S, S) float32, whole numbers from 0 to 255, S at most `side`.
        side: the new S.
        bilinear: the filter is bilinear; else bicubic with a = -1/2.

    Returns: (N, 3, side, side) float32, whole numbers from 0 to 255.
    """
    weights = _weights(images.shape[-1], side, bilinear, images.device)
    parts = torch.split(images, _AT_ONCE)
    return torch.cat(
        [_levels(weights @ _levels(part.double() @ weights.T)).float() for part in parts]
    )


def _levels(sums: Tensor) -> Tensor:
    """Return the nearest levels of weighted sums, halves up, in their place."""
    return sums.add_(_ONE // 2).div_(_ONE).floor_().clamp_(0, 255)


@functools.cache
def _weights(old: int, new: int, bilinear: bool, device: torch.device) -> Tensor:
    """Return what each old pixel counts for each new one: (new, old), whole numbers in float64."""
    centres = (torch.arange(new, dtype=torch.float64) + 0.5) * (old / new)
    places = torch.arange(old, dtype=torch.float64) + 0.5
    distances = (places - centres[:, None]).abs()
    weights = (1 - distances).clamp(min=0) if bilinear else _bicubic(distances)
    shares = weights / weights.sum(dim=1, keepdim=True)
    return (shares.sign() * (shares.abs() * _ONE + 0.5).floor()).to(device)


def _bicubic(x: Tensor) -> Tensor:
    """Return Keys's cubic convolution kernel with a = -1/2 at distances x >= 0."""
    near = (1.5 * x - 2.5) * x**2 + 1
    far = ((2.5 - 0.5 * x) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, 0.0))
