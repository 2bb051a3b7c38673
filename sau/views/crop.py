"""Random crop of a padded image, with a random left-right flip."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.device.transfer import upload
from sau.views.draws import coins, given_flips, integers
from sau.views.options import CropFill


def random_crop_flip(
    images: Tensor,
    padding: int,
    horizontal_flip: bool,
    generator: Generator,
    fill: CropFill = "black",
) -> Tensor:
    """Cut a window of the image's own size from each padded image, and flip half of them.

    Args:
        images: uint8 or float (B, 3, H, W).
        padding: put on each side, in pixels; the window's offset is uniform in 0 .. 2 * padding,
            for each axis on its own.
        horizontal_flip: flip each image with probability 1/2, or as the generator says.
        generator: of the CPU; three draws per image, two where it says which are flipped.
        fill: of the padding: zeros, or the image reflected at its border.

    Returns the same shape and dtype, channels-last in memory.
    """
    count = images.shape[0]
    places = torch.full((count,), 2 * padding + 1)
    top, left = integers(places, generator), integers(places, generator)
    flip = given_flips(generator)
    if flip is None:
        flip = coins(count, 0.5 if horizontal_flip else 0.0, generator)
    return crop_flip(images, padding, top, left, flip, fill)


def crop_flip(
    images: Tensor,
    padding: int,
    top: Tensor,
    left: Tensor,
    flip: Tensor,
    fill: CropFill = "black",
) -> Tensor:
    """Cut the window at (`top`, `left`) from each padded image, then flip where `flip` is True.

    Args:
        images: (B, 3, H, W).
        padding: on each side, in pixels; reflected, less than height and width.
        top: int64 (B,), rows of the padded image above the window, 0 to 2 * padding.
        left: int64 (B,), columns to the left of it.
        flip: bool (B,).
        fill: of the padding.

    Returns the same shape and dtype, channels-last in memory.
    """
    count, _, height, width = images.shape
    columns = torch.arange(width).expand(count, width)
    columns = torch.where(flip[:, None], width - 1 - columns, columns) + left[:, None]
    rows = torch.arange(height) + top[:, None]
    index = torch.arange(count, device=images.device)[:, None, None]
    if fill == "reflect":
        rows, columns = reflected(rows - padding, height), reflected(columns - padding, width)
        padded = images
    else:
        padded = F.pad(images, (padding,) * 4)
    rows, columns = upload(rows, images.device), upload(columns, images.device)
    # Indexing around a slice puts the channels last: (B, H, W, 3).
    return padded[index, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def reflected(places: Tensor, size: int) -> Tensor:
    """Return where in an image the places beside it lie, mirrored at the first and last pixel.

    Args:
        places: integers from -(size - 1) to 2 * (size - 1).
        size: of the image along this axis.
    """
    last = size - 1
    return last - (last - places.abs()).abs()
