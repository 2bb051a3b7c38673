"""Shears, translations and rotations of a batch, each image by one of its own."""

import math
from collections.abc import Sequence
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.views.steps import Step, rows_for, strength_of
from sau.views.torchvision_functions import vision


def move(images: Tensor, steps: Sequence[Step], levels: int) -> Tensor:
    """Move each image of uint8 (B, 3, H, W) by its step; what comes in from outside is black.

    No pixel is interpolated, so each is one of the original, and all of them are gathered at once.
    """
    size = (images.shape[2], images.shape[3])
    sources = rows_for(steps, partial(source_places, size=size, levels=levels), images.device)
    # One black pixel before the image's own is the source of what comes in from outside.
    pixels = F.pad(images.flatten(2), (1, 0))
    index = sources.long()[:, None].expand(-1, images.shape[1], -1)
    return pixels.gather(2, index).view(images.shape)


@lru_cache(maxsize=512)
def source_places(step: Step, size: tuple[int, int], levels: int) -> Tensor:
    """Return int32 (H * W,): the place, from 1, of each new pixel's source; 0 outside.

    Found by letting torchvision move an image whose pixels are their own places.
    """
    places = torch.arange(1, size[0] * size[1] + 1, dtype=torch.float32).view(1, 1, *size)
    strength = strength_of(step, size, levels)
    slope = math.degrees(math.atan(strength))
    affine = partial(vision().affine, places, angle=0.0, scale=1.0)
    moves = {
        # A shear moves rows or columns relative to the first, not to the centre, as Pillow's does.
        "ShearX": partial(affine, translate=[0, 0], shear=[slope, 0.0], center=[0, 0]),
        "ShearY": partial(affine, translate=[0, 0], shear=[0.0, slope], center=[0, 0]),
        "TranslateX": partial(affine, translate=[int(strength), 0], shear=[0.0, 0.0]),
        "TranslateY": partial(affine, translate=[0, int(strength)], shear=[0.0, 0.0]),
        "Rotate": partial(vision().rotate, places, angle=strength),
    }
    moved: Tensor = moves[step[0]]()
    return moved.flatten().to(torch.int32)
