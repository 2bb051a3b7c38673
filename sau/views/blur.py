"""Gaussian blur with a width of its own for each image."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.device.transfer import upload
from sau.views.draws import coins, uniform


def kernel_size(side: int) -> int:
    """Return the blur's kernel size for images of `side` pixels: a tenth, odd, at least 3.

    A tenth of CIFAR's 32 pixels makes 3. Three taps spread a point by 0.82 pixels at most, however
    large the standard deviation that they are computed from; Pillow's `GaussianBlur`, which SAU's
    own code calls, cuts nothing off and blurs more.
    """
    return max(3, side // 10 // 2 * 2 + 1)


def random_blur(
    images: Tensor, sigma: tuple[float, float], probability: float, generator: Generator
) -> Tensor:
    """Blur each of some images, with a standard deviation drawn for it.

    Args:
        images: float (B, 3, H, W).
        sigma: smallest and largest standard deviation in pixels, uniform.
        probability: of each image to be blurred.
        generator: of the CPU; two draws per image.

    Returns the same shape and dtype.

    Source: Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations"
    (ICML 2020), appendix A: a kernel of a tenth of the image's side.
    """
    count, _, height, width = images.shape
    members = torch.nonzero(coins(count, probability, generator))[:, 0]
    sigmas = uniform(count, sigma[0], sigma[1], generator)[members]
    if len(members) == 0:
        return images
    index = upload(members, images.device)
    images = images.clone()
    size = kernel_size(min(height, width))
    images[index] = gaussian_blur(images[index], size, upload(sigmas, images.device))
    return images


def gaussian_blur(images: Tensor, size: int, sigmas: Tensor) -> Tensor:
    """Blur float images (B, 3, H, W) with `size` taps and `sigmas` (B,); the border is mirrored.

    The kernel is separable, so each axis is a weighted sum of shifted images.
    """
    reach = size // 2
    positions = torch.arange(-reach, reach + 1, device=images.device)
    taps = torch.exp(-0.5 * (positions / sigmas[:, None]) ** 2)
    taps = taps / taps.sum(dim=1, keepdim=True)
    padded = F.pad(images, (reach,) * 4, mode="reflect")
    return _weighted_shifts(_weighted_shifts(padded, taps, 2), taps, 3)


def _weighted_shifts(images: Tensor, taps: Tensor, axis: int) -> Tensor:
    length = images.shape[axis] - taps.shape[1] + 1
    total = torch.zeros_like(images.narrow(axis, 0, length))
    for place in range(taps.shape[1]):
        total += images.narrow(axis, place, length) * taps[:, place].view(-1, 1, 1, 1)
    return total
