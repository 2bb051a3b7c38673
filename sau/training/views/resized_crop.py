"""Random resized crop: a window of random area and shape, brought back to the image's size."""

import math

import torch
from torch import Generator, Tensor

from sau.training.views.draws import coins, integers, uniform

ATTEMPTS = 10
"""Windows drawn for an image before the largest central one is taken, as in torchvision."""


def random_resized_crop_flip(
    images: Tensor,
    scale: tuple[float, float],
    ratio: tuple[float, float],
    horizontal_flip: bool,
    generator: Generator,
) -> Tensor:
    """Cut a random window from each image, resize it to the image's size, and flip half of them.

    Args:
        images: float (B, 3, H, W).
        scale: smallest and largest share of the image's area, uniform.
        ratio: smallest and largest width / height, log-uniform.
        horizontal_flip: flip each image with probability 1/2.
        generator: of the CPU; 23 draws per image.

    Returns the same shape and dtype. The windows are distributed as those of
    `torchvision.transforms.RandomResizedCrop`.
    """
    count, _, height, width = images.shape
    windows = draw_windows(count, (height, width), scale, ratio, generator)
    flip = coins(count, 0.5 if horizontal_flip else 0.0, generator)
    return resized_crop_flip(images, windows, flip)


def draw_windows(
    count: int,
    size: tuple[int, int],
    scale: tuple[float, float],
    ratio: tuple[float, float],
    generator: Generator,
) -> Tensor:
    """Return int64 (count, 4): top, left, height and width of a window in each image, in pixels."""
    height, width = size
    area = uniform((count, ATTEMPTS), scale[0], scale[1], generator) * (height * width)
    shape = uniform((count, ATTEMPTS), math.log(ratio[0]), math.log(ratio[1]), generator).exp()
    widths = (area * shape).sqrt().round().long()
    heights = (area / shape).sqrt().round().long()
    fits = (widths > 0) & (widths <= width) & (heights > 0) & (heights <= height)
    first = fits.int().argmax(dim=1, keepdim=True)
    found = fits.any(dim=1)
    # No window fitted: the whole image, or as much of it as the shapes allow.
    whole_width = min(width, round(height * ratio[1]))
    whole_height = min(height, round(width / ratio[0]))
    chosen_height = torch.where(found, heights.gather(1, first)[:, 0], whole_height)
    chosen_width = torch.where(found, widths.gather(1, first)[:, 0], whole_width)
    top = integers(height - chosen_height + 1, generator)
    left = integers(width - chosen_width + 1, generator)
    top = torch.where(found, top, (height - whole_height) // 2)
    left = torch.where(found, left, (width - whole_width) // 2)
    return torch.stack([top, left, chosen_height, chosen_width], dim=1)


def resized_crop_flip(images: Tensor, windows: Tensor, flip: Tensor) -> Tensor:
    """Resize the `windows` of float `images` (B, 3, H, W) bilinearly to H x W, then flip.

    A window is never larger than the image, so antialiasing would change nothing. Resizing is
    linear in each axis: two small matrix products per image.

    Args:
        images: float (B, 3, H, W).
        windows: int64 (B, 4), top, left, height and width, on the CPU.
        flip: bool (B,), on the CPU.
    """
    _, _, height, width = images.shape
    top, left, window_height, window_width = windows.unbind(dim=1)
    rows = _weights(height, top, window_height)
    columns = _weights(width, left, window_width)
    columns = torch.where(flip[:, None, None], columns.flip(1), columns)
    rows, columns = rows.to(images), columns.to(images)
    return rows[:, None] @ images @ columns.transpose(1, 2)[:, None]


def _weights(length: int, start: Tensor, extent: Tensor) -> Tensor:
    """Return float32 (B, length, length): the weight of each source pixel in each new pixel.

    A new pixel's centre lies between two source centres, which get weights that sum to 1; beyond
    the centres at the window's border, the border pixel is repeated.
    """
    centres = (torch.arange(length) + 0.5) * (extent[:, None] / length) - 0.5
    centres = torch.minimum(centres.clamp(min=0), extent[:, None] - 1) + start[:, None]
    return (1 - (centres[:, :, None] - torch.arange(length)).abs()).clamp(min=0)
