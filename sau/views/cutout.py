"""Cutout: one square hole in each image."""

import torch
from torch import Generator, Tensor

from sau.device.transfer import upload
from sau.views.draws import integers


def random_cutout(images: Tensor, size: int, generator: Generator) -> Tensor:
    """Fill one `size` x `size` hole of each image with zeros; its centre is uniform in the image.

    The hole is black in images as they are stored; in normalised ones, it has the training set's
    mean colour.

    Args:
        images: uint8 or float (B, 3, H, W).
        size: side of the hole in pixels; 0 cuts nothing.
        generator: of the CPU; two draws per image, whatever the size.

    Source: DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with
    Cutout" (2017).
    """
    count, _, height, width = images.shape
    rows = integers(torch.full((count,), height), generator)
    columns = integers(torch.full((count,), width), generator)
    return cutout(images, size, upload(rows, images.device), upload(columns, images.device))


def cutout(images: Tensor, size: int, rows: Tensor, columns: Tensor) -> Tensor:
    """Fill the holes around (`rows`, `columns`), int64 (B,), clipped at the border, with zeros.

    The hole spans `size` pixels from centre - size // 2 on, as in the authors' code.
    """
    _, _, height, width = images.shape
    hole = _span(height, size, rows)[:, :, None] & _span(width, size, columns)[:, None, :]
    return images.masked_fill(hole[:, None], 0)


def _span(length: int, size: int, centres: Tensor) -> Tensor:
    """Return bool (B, length): which pixels of an axis lie in the hole."""
    offsets = torch.arange(length, device=centres.device) - (centres[:, None] - size // 2)
    return (offsets >= 0) & (offsets < size)
