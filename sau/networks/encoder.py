"""The encoders: CIFAR's residual networks and those of torchvision."""

from collections.abc import Callable

import torch
import torchvision
from torch import Tensor, nn

from sau.networks.resnet_cifar import ResNetCifar

TORCHVISION: dict[str, Callable[..., nn.Module]] = {
    "resnet18": torchvision.models.resnet18,
    "resnet50": torchvision.models.resnet50,
    "resnext50_32x4d": torchvision.models.resnext50_32x4d,
}
"""Networks for large images, without their classifier; their first blocks have 64 channels."""


class TorchvisionEncoder(nn.Module):
    """A residual network of torchvision, up to and with the average pooling.

    Args:
        name: one of `TORCHVISION`; its weights are random.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        network = TORCHVISION[name](weights=None)
        self.feature_size: int = network.fc.in_features  # type: ignore[assignment, union-attr]
        network.fc = nn.Identity()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W), H and W at least 32, to features (B, F)."""
        features: Tensor = self.network(images)
        return features


def make_encoder(backbone: str, width: int) -> ResNetCifar | TorchvisionEncoder:
    """Return the encoder called `backbone`; `width` counts for CIFAR's networks alone.

    Raises:
        ValueError: no such encoder.
    """
    if backbone in TORCHVISION:
        return TorchvisionEncoder(backbone)
    depth = backbone.removeprefix("resnet")
    if not depth.isdecimal():
        raise ValueError(
            f"backbone: {backbone!r}, expected resnet20, resnet32 or another depth of 6 n + 2, or "
            f"{', '.join(TORCHVISION)}; Network.around takes any other encoder"
        )
    return ResNetCifar(int(depth), width)


def feature_size(backbone: str, width: int) -> int:
    """Return F, the size of the encoder's features, without drawing its weights."""
    with torch.device("meta"):
        return make_encoder(backbone, width).feature_size
