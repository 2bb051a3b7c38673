"""Random numbers of a view: one per image, drawn on the CPU whatever the device.

The draws of a seed are then the same on every device, and code that groups images by what was
drawn for them needs no transfer back from an accelerator.
"""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor


class SharedGenerator(Generator):
    """Draws for all images of a batch, and hands out what is for those of one process.

    The view of an image is then the same, whichever process makes it.

    Attributes:
        images: how many the batch has.
        rows: which of them are at hand, int64 (b,), on the CPU.
        flips: which of all of them are to be flipped, bool (images,); None: that is drawn.
    """

    images: int
    rows: Tensor
    flips: Tensor | None = None

    @classmethod
    def like(cls, generator: Generator) -> "SharedGenerator":
        """Return a generator that goes on from where another one is."""
        made = cls()
        made.set_state(generator.get_state())
        return made


def given_flips(generator: Generator) -> Tensor | None:
    """Return which images at hand are to be flipped, bool (b,), where that is not drawn."""
    if not isinstance(generator, SharedGenerator) or generator.flips is None:
        return None
    return generator.flips[generator.rows]


def draw(shape: Sequence[int], generator: Generator, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return numbers of `shape`, uniform in [0, 1): its first axis are the images at hand."""
    if not isinstance(generator, SharedGenerator):
        return torch.rand(shape, generator=generator, dtype=dtype)
    whole = torch.rand((generator.images, *shape[1:]), generator=generator, dtype=dtype)
    return whole[generator.rows]


def uniform(shape: int | tuple[int, ...], low: float, high: float, generator: Generator) -> Tensor:
    """Return float32 numbers of `shape`, uniform in [low, high)."""
    size = (shape,) if isinstance(shape, int) else shape
    return draw(size, generator) * (high - low) + low


def integers(limits: Tensor, generator: Generator) -> Tensor:
    """Return one integer in [0, limit) for each entry of `limits`, an int64 (B,) of at least 1."""
    draws = draw(limits.shape, generator, torch.float64)
    return (draws * limits).long().clamp_(max=limits - 1)


def coins(count: int, probability: float, generator: Generator) -> Tensor:
    """Return bool (count,), each True with `probability`."""
    return draw((count,), generator) < probability
