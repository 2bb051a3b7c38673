"""The encoders: those for small images, those of torchvision, and those of other libraries."""

from importlib import import_module
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from sau.networks.resnet_cifar import ResNetCifar
from sau.networks.whitened_cnn import WhitenedCnn

TORCHVISION = ("resnet18", "resnet50", "resnext50_32x4d")
"""Networks for large images, without their classifier; their first blocks have 64 channels."""

LIBRARIES = {
    "timm": "sau.networks.timm_encoder:TimmEncoder",
    "open_clip": "sau.networks.open_clip_encoder:OpenClipEncoder",
}
"""Where the encoders of each library are, which takes seconds to load."""


class Encoder(Protocol):
    """What maps images (B, 3, H, W) to features (B, F), F being `feature_size`."""

    feature_size: int


class LayeredEncoder(Encoder, Protocol):
    """An encoder of another library, whose layers have an order."""

    def layers(self) -> dict[str, int]:
        """Return the place of each parameter's layer, from 0 at the images, by its name."""


class TorchvisionEncoder(nn.Module):
    """A residual network of torchvision, up to and with the average pooling.

    Args:
        name: one of `TORCHVISION`; its weights are random.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        from torchvision import models  # brings torch's compiler in: seconds that others save

        network: models.ResNet = getattr(models, name)(weights=None)
        self.feature_size: int = network.fc.in_features
        network.fc = nn.Identity()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W), H and W at least 32, to features (B, F)."""
        features: Tensor = self.network(images)
        return features


def split_name(backbone: str) -> tuple[str, str]:
    """Return library and model of a name such as timm/resnet50; the library is empty for others."""
    library, _, name = backbone.partition("/")
    return (library, name) if library in LIBRARIES and name else ("", backbone)


def make_encoder(backbone: str, width: int, input_size: int | None = None) -> nn.Module:
    """Return the encoder called `backbone`, with random weights and a `feature_size`.

    Args:
        backbone: see `NetworkConfig`.
        width: channels of the first blocks; counts for the networks of small images alone.
        input_size: side of its images in pixels, where it is built for one; None: the usual.

    Raises:
        ValueError: no such encoder, or not for such images.
    """
    library, name = split_name(backbone)
    if library:
        module, _, kind = LIBRARIES[library].partition(":")
        try:
            found = getattr(import_module(module), kind)
        except ModuleNotFoundError as error:
            raise ValueError(
                f"backbone: {backbone} needs the package {error.name}; install it with "
                "`pip install 'sau-longtail[pretrained]'`"
            ) from error
        return cast(nn.Module, found(name, input_size))
    if backbone in TORCHVISION:
        return TorchvisionEncoder(backbone)
    if backbone == "whitened_cnn":
        return WhitenedCnn(width)
    depth = backbone.removeprefix("resnet")
    if not depth.isdecimal():
        raise ValueError(
            f"backbone: {backbone!r}, expected resnet20, resnet32 or another depth of 6 n + 2, "
            f"whitened_cnn, {', '.join(TORCHVISION)}, timm/NAME or open_clip/NAME; Network.around "
            "takes any other encoder"
        )
    return ResNetCifar(int(depth), width)


def feature_size(backbone: str, width: int, input_size: int | None = None) -> int:
    """Return F, the size of the encoder's features, without drawing its weights."""
    with torch.device("meta"):
        return cast(Encoder, make_encoder(backbone, width, input_size)).feature_size
