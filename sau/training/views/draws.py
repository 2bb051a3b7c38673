"""Random numbers of a view: one per image, drawn on the CPU whatever the device.

The draws of a seed are then the same on every device, and code that groups images by what was
drawn for them needs no transfer back from an accelerator.
"""

import torch
from torch import Generator, Tensor


def uniform(shape: int | tuple[int, ...], low: float, high: float, generator: Generator) -> Tensor:
    """Return float32 numbers of `shape`, uniform in [low, high)."""
    size = (shape,) if isinstance(shape, int) else shape
    return torch.rand(size, generator=generator) * (high - low) + low


def integers(limits: Tensor, generator: Generator) -> Tensor:
    """Return one integer in [0, limit) for each entry of `limits`, an int64 (B,) of at least 1."""
    draws = torch.rand(limits.shape, generator=generator, dtype=torch.float64)
    return (draws * limits).long().clamp_(max=limits - 1)


def coins(count: int, probability: float, generator: Generator) -> Tensor:
    """Return bool (count,), each True with `probability`."""
    return torch.rand(count, generator=generator) < probability
