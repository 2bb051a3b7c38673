"""Which parts of a network learn."""

from typing import Literal

from torch import nn

from sau.networks import Network
from sau.networks.low_rank import learning_weights

Learns = Literal["all", "heads", "classifier"]
"""All of a network; all but its encoder; or its classifier alone."""


def learning_parts(network: Network, learns: Learns) -> list[nn.Module]:
    """Return the parts of a network that learn, in their order there."""
    parts: list[nn.Module] = [network.classifier]
    if learns != "classifier" and network.projection is not None:
        parts.append(network.projection)
    return [network.encoder, *parts] if learns == "all" else parts


def learning_parameters(network: Network, learns: Learns) -> list[nn.Parameter]:
    """Return the parameters that learn, in their order; of an adapted encoder its matrices."""
    return [
        parameter
        for part in learning_parts(network, learns)
        for parameter in (
            learning_weights(part) if part is network.encoder else list(part.parameters())
        )
    ]


def set_learning(network: Network, learns: Learns) -> None:
    """Let these parts learn; the others keep their weights and BatchNorm statistics."""
    network.eval().requires_grad_(False)
    parts = learning_parts(network, learns)
    for part in parts:
        part.train()
    for parameter in learning_parameters(network, learns):
        parameter.requires_grad_()
    network.training = learns == "all"
