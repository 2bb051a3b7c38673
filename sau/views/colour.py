"""Changes of colour with a factor of its own for each image; torchvision's formulas."""

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor

from sau.device.transfer import upload
from sau.views.draws import coins, draw, uniform

GREY_WEIGHTS = (0.2989, 0.587, 0.114)
"""Of red, green and blue in the brightness of a pixel (ITU-R 601)."""


def grey(images: Tensor) -> Tensor:
    """Return the brightness of float RGB images (B, 3, H, W) as (B, 1, H, W)."""
    red, green, blue = torch.split(images, 1, dim=1)
    return red * GREY_WEIGHTS[0] + green * GREY_WEIGHTS[1] + blue * GREY_WEIGHTS[2]


def adjust_brightness(images: Tensor, factors: Tensor) -> Tensor:
    """Multiply images (B, 3, H, W), 0 to 1, by `factors` (B,); the result is clamped to 0 to 1."""
    return (images * factors.view(-1, 1, 1, 1)).clamp_(0, 1)


def adjust_contrast(images: Tensor, factors: Tensor) -> Tensor:
    """Scale the distance from each image's mean brightness by `factors` (B,), clamped."""
    return _blend(images, grey(images).mean(dim=(1, 2, 3), keepdim=True), factors)


def adjust_saturation(images: Tensor, factors: Tensor) -> Tensor:
    """Scale the distance from each pixel's brightness by `factors` (B,), clamped."""
    return _blend(images, grey(images), factors)


def adjust_hue(images: Tensor, shifts: Tensor) -> Tensor:
    """Turn the hue by `shifts` (B,) in turns, -0.5 to 0.5; value and saturation stay.

    Both directions of the conversion through HSV in one: a channel is the value minus the chroma
    times a trapezoid of the hue.
    """
    value, chroma, hue = _value_chroma_hue(images)
    hue = hue + 6 * shifts.view(-1, 1, 1, 1)
    offsets = upload(torch.tensor([5.0, 3.0, 1.0]), images.device).view(3, 1, 1)
    position = (offsets + hue).remainder_(6)
    return value - chroma * torch.minimum(position, 4 - position).clamp_(0, 1)


def _value_chroma_hue(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the largest channel, its distance to the smallest, and the hue in sixths of a turn."""
    red, green, blue = torch.split(images, 1, dim=1)
    value = images.amax(dim=1, keepdim=True)
    chroma = value - images.amin(dim=1, keepdim=True)
    divisor = torch.where(chroma == 0, 1, chroma)
    hue = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    return value, chroma, hue


def _blend(images: Tensor, other: Tensor, factors: Tensor) -> Tensor:
    factors = factors.view(-1, 1, 1, 1)
    return (images * factors + other * (1 - factors)).clamp_(0, 1)


Adjustment = Callable[[Tensor, Tensor], Tensor]

ADJUSTMENTS: tuple[Adjustment, ...] = (
    adjust_brightness,
    adjust_contrast,
    adjust_saturation,
    adjust_hue,
)


def random_colour_jitter(
    images: Tensor,
    strengths: tuple[float, float, float, float],
    probability: float,
    generator: Generator,
    adjustments: Sequence[Adjustment] = ADJUSTMENTS,
) -> Tensor:
    """Change brightness, contrast, saturation and hue of some images, each in an order of its own.

    Args:
        images: float (B, 3, H, W), 0 to 1.
        strengths: the factors are uniform in 1 - s to 1 + s, the turn of the hue in -s to s; what
            has strength 0 is not computed.
        probability: of each image to be changed at all.
        generator: of the CPU; nine draws per image.
        adjustments: the four changes, each of images (B, 3, H, W) by factors (B,).

    Returns the same shape, 0 to 1.
    """
    count = images.shape[0]
    chosen = coins(count, probability, generator)
    order = draw((count, 4), generator).argsort(dim=1)
    factors = uniform((count, 4), -1, 1, generator) * torch.tensor(strengths)
    factors[:, :3] += 1
    images = images.clone()
    for place in range(4):
        for kind, adjust in enumerate(adjustments):
            if strengths[kind] == 0:
                continue
            members = torch.nonzero(chosen & (order[:, place] == kind))[:, 0]
            if len(members) == 0:
                continue
            index = upload(members, images.device)
            images[index] = adjust(images[index], upload(factors[members, kind], images.device))
    return images


def random_greyscale(images: Tensor, probability: float, generator: Generator) -> Tensor:
    """Replace each image of (B, 3, H, W) by its brightness, in all channels, with `probability`."""
    chosen = upload(coins(images.shape[0], probability, generator), images.device)
    return torch.where(chosen.view(-1, 1, 1, 1), grey(images), images)
