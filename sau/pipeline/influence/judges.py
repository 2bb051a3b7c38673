"""A network that says of images how much each lowers the loss on validation images."""

import dataclasses
from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor

from sau.assets.trained_model import TrainedModel
from sau.engine.influence import Direction, balanced_weights, influence, loss_gradient
from sau.networks import Network
from sau.pipeline.influence.pictures import Pictures
from sau.views import ViewOptions


@dataclasses.dataclass(frozen=True)
class Judge:
    """A network on its device, and the gradient of its validation loss there.

    Attributes:
        network: computes in float32.
        views: how it wants images normalised.
        gradient: of the mean over classes of their validation images' mean loss.
    """

    network: Network
    views: ViewOptions
    gradient: Direction

    @classmethod
    def of(cls, model: TrainedModel, validation: Sequence[Pictures], device: torch.device) -> Self:
        """Move a network to a device, and take its gradient on the validation images."""
        network, views = model.network.to(device), model.preprocessing.views()
        network.precision = torch.float32
        weights = balanced_weights(torch.cat([part.labels for part in validation]))
        shares = torch.split(weights, [len(part.labels) for part in validation])
        batches = (
            (part.images.to(device), part.labels.to(device), own.to(device))
            for part, own in zip(validation, shares, strict=True)
        )
        return cls(network, views, loss_gradient(network, batches, views))

    def judge(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the figures of some images, on the CPU; see `sau.engine.influence.influence`."""
        return influence(self.network, images, labels, self.gradient, self.views).cpu()
