"""What a network must offer to be trained by a method."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, Self, runtime_checkable

from torch import Tensor, nn


@runtime_checkable
class MethodNetwork(Protocol):
    """A `torch.nn.Module` with an encoder, a classifier and, if asked for, a projection head.

    `Network.around` makes one of any encoder, such as timm's with `num_classes=0`. A class of one's
    own need not inherit from anything but `nn.Module`, and needs `project` and `embeddings` only
    for methods with `needs_projection`. Shapes: B images, F features, C classes, d of embeddings.
    """

    training: bool

    @property
    def classifier(self) -> nn.Linear:
        """Weight (C, F); some methods read or change it."""

    def features(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W) to features, float32 (B, F)."""

    def classify(self, features: Tensor) -> Tensor:
        """Map features (B, F) to class scores, float32 (B, C)."""

    def project(self, features: Tensor) -> Tensor:
        """Map features (B, F) to embeddings, float32 (B, d), of length 1."""

    def logits(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W) to class scores, float32 (B, C)."""

    def embeddings(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W) to embeddings, float32 (B, d), of length 1."""

    def through(self, module: nn.Module, inputs: Tensor) -> Tensor:
        """Apply a head of the method in the network's precision; returns float32."""

    def train(self, mode: bool = True) -> Any:
        """As `nn.Module.train`."""

    def eval(self) -> Any:
        """As `nn.Module.eval`."""

    def modules(self) -> Iterator[nn.Module]:
        """As `nn.Module.modules`."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """As `nn.Module.parameters`."""

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """As `nn.Module.requires_grad_`."""

    def state_dict(self) -> dict[str, Any]:
        """As `nn.Module.state_dict`."""

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """As `nn.Module.load_state_dict`."""
