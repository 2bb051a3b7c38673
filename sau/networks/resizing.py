"""Images resized at a network's entrance."""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor

Interpolation = Literal["bicubic", "bilinear"]


def resized(images: Tensor, side: int | None, interpolation: Interpolation) -> Tensor:
    """Return images as squares of `side` pixels, antialiased, as Pillow resizes.

    Args:
        images: float (B, 3, H, W), normalised or not: the weights of each sum are 1.
        side: in pixels; None, or that of the images: they stay as they are.
        interpolation: between pixels.

    Returns: float (B, 3, side, side). Values are not cut to the range of pixels, as bytes would be.
    """
    if side is None or tuple(images.shape[2:]) == (side, side):
        return images
    return F.interpolate(
        images, (side, side), mode=interpolation, align_corners=False, antialias=True
    )
