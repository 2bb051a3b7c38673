"""The three views by transforms of one Pillow image at a time."""

import random
from collections.abc import Callable

import torch
from PIL import Image, ImageFilter
from torch import Tensor
from torchvision import transforms
from torchvision.transforms import v2

Transform = Callable[[Image.Image], Tensor]


class Cutout:
    """Blacken one `size` x `size` square of a tensor (3, H, W), its centre anywhere."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, image: Tensor) -> Tensor:
        """Return the image with its hole."""
        height, width = image.shape[1:]
        row, column = random.randrange(height), random.randrange(width)
        top, left = max(row - self.size // 2, 0), max(column - self.size // 2, 0)
        image[:, top : row + self.size // 2, left : column + self.size // 2] = 0
        return image


class GaussianBlur:
    """Blur with a standard deviation drawn for each image."""

    def __init__(self, smallest: float, largest: float) -> None:
        self.smallest, self.largest = smallest, largest

    def __call__(self, image: Image.Image) -> Image.Image:
        """Return the blurred image."""
        radius = random.uniform(self.smallest, self.largest)
        return image.filter(ImageFilter.GaussianBlur(radius))


def cifar_transforms(
    mean: tuple[float, float, float], std: tuple[float, float, float], side: int = 32
) -> tuple[Transform, Transform, Transform]:
    """Return the transforms of v1, v2 and v3 for images of `side` pixels."""
    crop = transforms.RandomCrop(side, padding=4), transforms.RandomHorizontalFlip()
    tensor, normalise = transforms.ToTensor(), transforms.Normalize(mean, std)
    # Version 2 of these two is quicker, as it computes no strengths but the one that it needs.
    auto_augment = v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10)
    sim_augment = (
        transforms.RandomResizedCrop(side, scale=(0.2, 1.0)),
        transforms.RandomHorizontalFlip(),
        transforms.RandomApply([transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
        transforms.RandomGrayscale(p=0.2),
        transforms.RandomApply([GaussianBlur(0.1, 2.0)], p=0.5),
    )
    return (
        transforms.Compose([*crop, tensor, normalise]),
        transforms.Compose([*crop, auto_augment, tensor, Cutout(16), normalise]),
        transforms.Compose([*sim_augment, tensor, normalise]),
    )


def rand_augment_transform(
    mean: tuple[float, float, float], std: tuple[float, float, float], side: int
) -> Transform:
    """Return the transform of ImageNet's v1: window, flip, colour jitter, RandAugment(2, 10)."""
    steps = [
        transforms.RandomResizedCrop(side, scale=(0.08, 1.0)),
        transforms.RandomHorizontalFlip(),
        transforms.ColorJitter(0.4, 0.4, 0.4),
        v2.RandAugment(2, 10),
        transforms.ToTensor(),
        transforms.Normalize(mean, std),
    ]
    composed: Transform = transforms.Compose(steps)
    return composed


def batch_of(transform: Transform, images: list[Image.Image]) -> Tensor:
    """Return the views of all images, float32 (B, 3, H, W)."""
    return torch.stack([transform(image) for image in images])
