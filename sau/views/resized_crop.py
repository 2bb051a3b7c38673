"""Random resized crop: a window of random area and shape, brought to one size for all."""

import math

import torch
from torch import Generator, Tensor

from sau.device.transfer import upload
from sau.views.draws import coins, integers, uniform

ATTEMPTS = 10
"""Windows drawn for an image before the largest central one is taken, as in torchvision."""


def random_resized_crop_flip(
    images: Tensor,
    scale: tuple[float, float],
    ratio: tuple[float, float],
    horizontal_flip: bool,
    generator: Generator,
    size: tuple[int, int] | None = None,
) -> Tensor:
    """Cut a random window from each image, resize it to `size`, and flip half of them.

    Args:
        images: float (B, 3, H, W).
        scale: smallest and largest share of the image's area, uniform.
        ratio: smallest and largest width / height, log-uniform.
        horizontal_flip: flip each image with probability 1/2.
        generator: of the CPU; 23 draws per image.
        size: height and width of the result in pixels; None: those of the images.

    Returns (B, 3, *size) of the same dtype. The windows are distributed as those of
    `torchvision.transforms.RandomResizedCrop`.
    """
    count, _, height, width = images.shape
    windows = draw_windows(count, (height, width), scale, ratio, generator)
    flip = coins(count, 0.5 if horizontal_flip else 0.0, generator)
    return resized_crop_flip(images, windows, flip, size)


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


def resized_crop_flip(
    images: Tensor, windows: Tensor, flip: Tensor, size: tuple[int, int] | None = None
) -> Tensor:
    """Resize the `windows` of float `images` (B, 3, H, W) to one size, then flip.

    Bilinear, with antialiasing where a window shrinks. Resizing is linear in each axis: two
    matrix products per image.

    Args:
        images: float (B, 3, H, W).
        windows: int64 (B, 4), top, left, height and width, on the CPU.
        flip: bool (B,), on the CPU.
        size: height and width of the result in pixels; None: those of the images.

    Returns (B, 3, *size) of the same dtype, as `torchvision.transforms.v2.functional.resized_crop`
    would for each image.
    """
    _, _, height, width = images.shape
    new_height, new_width = size or (height, width)
    top, left, window_height, window_width = windows.unbind(dim=1)
    rows = _weights(height, new_height, top, window_height, images.device)
    columns = _weights(width, new_width, left, window_width, images.device)
    flip = upload(flip, images.device)
    columns = torch.where(flip[:, None, None], columns.flip(1), columns)
    rows, columns = rows.to(images.dtype), columns.to(images.dtype)
    return rows[:, None] @ images @ columns.transpose(1, 2)[:, None]


def _weights(
    length: int, new_length: int, start: Tensor, extent: Tensor, device: torch.device
) -> Tensor:
    """Return float32 (B, new_length, length): the weight of each source pixel in each new pixel.

    `start` and `extent` are known to the CPU; the weights are computed on `device`.
    """
    shrinks = torch.nonzero(extent > new_length)[:, 0]
    start, extent = upload(start, device), upload(extent, device)
    weights = _interpolate(length, new_length, start, extent)
    if len(shrinks):
        index = upload(shrinks, device)
        weights[index] = _average(length, new_length, start[index], extent[index])
    return weights


def _interpolate(length: int, new_length: int, start: Tensor, extent: Tensor) -> Tensor:
    """Return the weights where a window grows.

    A new pixel's centre lies between two source centres, which get weights that sum to 1; beyond
    the centres at the window's border, the border pixel is repeated.
    """
    new, old = (torch.arange(n, device=extent.device) for n in (new_length, length))
    centres = (new + 0.5) * (extent[:, None] / new_length) - 0.5
    centres = torch.minimum(centres.clamp(min=0), extent[:, None] - 1) + start[:, None]
    return (1 - (centres[:, :, None] - old).abs()).clamp(min=0)


def _average(length: int, new_length: int, start: Tensor, extent: Tensor) -> Tensor:
    """Return the weights where a window shrinks.

    A new pixel is a mean of the source pixels around its centre, with weights that fall to 0 at a
    distance of one new pixel; pixels outside the window do not count.
    """
    step = (extent / new_length)[:, None, None]
    new, old = (torch.arange(n, device=extent.device) for n in (new_length, length))
    source = old - start[:, None, None]
    centres = (new[:, None] + 0.5) * step - 0.5
    weights = (1 - (centres - source).abs() / step).clamp(min=0)
    weights = weights * ((source >= 0) & (source < extent[:, None, None]))
    return weights / weights.sum(dim=2, keepdim=True)
