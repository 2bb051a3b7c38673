"""From stored pixels to what a network sees."""

import dataclasses

import torch
from torch import Tensor

from sau.device.transfer import upload


def to_unit(images: Tensor) -> Tensor:
    """Map uint8, 0 to 255, to float32 of the same shape, 0 to 1."""
    return images.to(torch.float32).div_(255)


def to_bytes(images: Tensor) -> Tensor:
    """Map float, 0 to 1, to the nearest uint8 of the same shape, 0 to 255."""
    return images.mul(255).round_().to(torch.uint8)


@dataclasses.dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of each colour channel over the training images, in 0 to 1."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def from_bytes(self, images: Tensor) -> Tensor:
        """Map uint8 (B, 3, H, W), 0 to 255, to normalised float32 of the same shape."""
        return self.from_unit(to_unit(images))

    def from_unit(self, images: Tensor) -> Tensor:
        """Map float (B, 3, H, W), 0 to 1, to normalised float32 of the same shape.

        The result is channels-last in memory, the order in which convolutions are fastest.
        """
        mean = upload(torch.tensor(self.mean), images.device).view(3, 1, 1)
        std = upload(torch.tensor(self.std), images.device).view(3, 1, 1)
        normalised = (images - mean) / std
        return normalised.contiguous(memory_format=torch.channels_last)
