"""Which images lower the loss on others: TracIn.

Pruthi et al., "Estimating Training Data Influence by Tracing Gradient Descent", NeurIPS 2020.
"""

import warnings
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call, jvp
from torch.nn.attention import SDPBackend, sdpa_kernel

from sau.networks import Network
from sau.views import ViewOptions, test_view

Direction = dict[str, Tensor]
"""By the name of a weight, a tensor of its shape."""


def balanced_weights(labels: Tensor) -> Tensor:
    """Return weights by which each class counts the same in a mean, however few images it has.

    Args:
        labels: int64 (N,), N at least 1.

    Returns: float32 (N,), sum 1.
    """
    counts = torch.bincount(labels)
    return 1 / (counts[labels] * (counts > 0).sum())


def loss_gradient(
    network: Network, batches: Iterable[tuple[Tensor, Tensor, Tensor]], views: ViewOptions
) -> Direction:
    """Return the gradient of a weighted sum of cross-entropies with respect to all weights.

    Args:
        network: in eval mode; weights that the class scores do not depend on have no gradient.
        batches: images, uint8 (B, 3, H, W), their labels, int64 (B,), and weights, float32 (B,);
            at least one.
        views: how to normalise.
    """
    weights = dict(network.named_parameters())
    total: Direction = {}
    for images, labels, shares in batches:
        losses = F.cross_entropy(network(test_view(images, views)), labels, reduction="none")
        loss = (losses * shares).sum()
        found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
        for name, gradient in zip(weights, found, strict=True):
            if gradient is not None:
                total[name] = total[name] + gradient if name in total else gradient
    return total


def influence(
    network: Network, images: Tensor, labels: Tensor, gradient: Direction, views: ViewOptions
) -> Tensor:
    """Return how much each image, trained on by itself, lowers another loss, to first order.

    That is the product of its own gradient and the other loss's: one step of plain gradient descent
    on the image, of learning rate r, lowers that loss by r times this. Above 0 the image helps.
    All products of a batch come from one pass with forward-mode differentiation along `gradient`,
    so no image's own gradient is held.

    Args:
        network: in eval mode.
        images: uint8 (B, 3, H, W).
        labels: int64 (B,), as which they are trained on.
        gradient: of the other loss, as `loss_gradient` returns it.
        views: how to normalise.

    Returns: float32 (B,).
    """
    shown = test_view(images, views)
    weights = dict(network.named_parameters())

    def losses(values: Direction) -> Tensor:
        return F.cross_entropy(functional_call(network, values, (shown,)), labels, reduction="none")

    point = {name: weights[name].detach() for name in gradient}
    # Of the ways to compute attention only this one can be differentiated forwards.
    with torch.no_grad(), warnings.catch_warnings(), sdpa_kernel(SDPBackend.MATH):
        warnings.simplefilter("ignore", FutureWarning)  # of PyTorch's own use of torch.jit
        found: Tensor = jvp(losses, (point,), (gradient,))[1]
    return found
