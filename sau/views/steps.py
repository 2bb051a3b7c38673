"""One step of AutoAugment or RandAugment: an operation, how strong, and in which direction."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from sau.device.transfer import upload

Step = tuple[str, int, bool]
"""An operation, its level (0 where it has no magnitude) and whether the magnitude is negated."""

SIGNED = frozenset({"ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"}) | {
    "Brightness",
    "Color",
    "Contrast",
    "Sharpness",
}
"""Operations whose magnitude is negated with probability 1/2."""


def strength_of(step: Step, size: tuple[int, ...], levels: int) -> float:
    """Return the magnitude of a step with its sign, for images of `size` (H, W)."""
    name, level, negative = step
    return magnitude(name, level, size, levels) * (-1 if negative else 1)


def magnitude(name: str, level: int, size: tuple[int, ...], levels: int) -> float:
    """Return the strength of an operation at a level from 0 to `levels` - 1, for a `size` (H, W).

    Shears are slopes, translations pixels, Rotate degrees, Posterize the bits that are kept,
    Solarize a share of the largest value, the colour operations the change of a factor of 1.
    """
    if name == "Posterize":
        return float(8 - round(4 * level / (levels - 1)))
    weakest = 1.0 if name == "Solarize" else 0.0
    strongest = {
        "ShearX": 0.3,
        "ShearY": 0.3,
        "TranslateX": 150 / 331 * size[1],
        "TranslateY": 150 / 331 * size[0],
        "Rotate": 30.0,
        "Solarize": 0.0,
    }.get(name, 0.9)
    # In float32, as torchvision: 0.3 and 0.30000001 can round a pixel to two different values.
    return float(torch.linspace(weakest, strongest, levels)[level])


def rows_for(
    steps: Sequence[Step], row_of: Callable[[Step], Tensor], device: torch.device
) -> Tensor:
    """Return `row_of` each step, (B, n), on `device`; computed and sent there once for each kind.

    Args:
        steps: B of them, many the same.
        row_of: gives a tensor (n,) of the CPU.
        device: where to.
    """
    kinds = {step: row for row, step in enumerate(dict.fromkeys(steps))}
    table = torch.stack([row_of(step) for step in kinds])
    rows = torch.tensor([kinds[step] for step in steps])
    return upload(table, device)[upload(rows, device)]
