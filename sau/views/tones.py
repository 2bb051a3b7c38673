"""Operations that replace each of the 256 values by another, the same all over an image."""

from collections.abc import Sequence
from functools import lru_cache, partial

import torch
from torch import Tensor

from sau.views.steps import Step, rows_for, strength_of
from sau.views.torchvision_functions import vision


def retone(images: Tensor, steps: Sequence[Step], levels: int) -> Tensor:
    """Change the values of each image of uint8 (B, 3, H, W) by its step's curve."""
    curves = rows_for(steps, partial(tone_curve, levels=levels), images.device)
    return curves.gather(1, images.flatten(1).long()).view(images.shape)


@lru_cache(maxsize=512)
def tone_curve(step: Step, levels: int) -> Tensor:
    """Return uint8 (256,): what torchvision makes of each value."""
    values = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    strength = strength_of(step, (0, 0), levels)
    curves = {
        "Identity": partial(torch.clone, values),
        "Invert": partial(vision().invert, values),
        "Brightness": partial(vision().adjust_brightness, values, 1 + strength),
        "Posterize": partial(vision().posterize, values, int(strength)),
        "Solarize": partial(vision().solarize, values, 255.0 * strength),
    }
    changed: Tensor = curves[step[0]]()
    return changed.flatten()
