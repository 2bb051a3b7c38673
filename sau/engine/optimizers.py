"""The optimizer of a phase: which parameters, at which rates, and what changes them."""

from typing import Any

import torch
from torch import nn

from sau.core.errors import ArgumentError
from sau.engine.learning import Learns, learning_parameters
from sau.engine.muon import Muon
from sau.engine.settings import TrainingSettings
from sau.methods.base import AnyMethod
from sau.networks import Network
from sau.networks.low_rank import learning_weights

FACTOR = "factor"
"""Of a group's learning rate, over that of classifier and heads."""


def make_optimizer(
    network: Network, method: AnyMethod, settings: TrainingSettings, learns: Learns = "all"
) -> torch.optim.Optimizer:
    """Return SGD with momentum, Muon or AdamW, with weight decay on every parameter.

    It holds the network's parameters, as far as they learn, then the method's own. Muon's hidden
    weights are those of encoder and projection head, but for the encoder's first layer.
    """
    groups = parameter_groups(network, method, settings, learns)
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(groups, rate, weight_decay=decay, fused=True)
    momentum, nesterov = settings.momentum, settings.nesterov
    if settings.optimizer == "muon":
        return Muon(
            groups,
            [] if learns == "classifier" else hidden_weights(network, learns),
            rate,
            ratio=settings.muon_learning_rate / rate,
            hidden_decay=settings.muon_weight_decay,
            momentum=momentum,
            weight_decay=decay,
            nesterov=nesterov,
        )
    return torch.optim.SGD(
        groups, rate, momentum=momentum, weight_decay=decay, nesterov=nesterov, fused=True
    )


def parameter_groups(
    network: Network, method: AnyMethod, settings: TrainingSettings, learns: Learns
) -> list[dict[str, Any]]:
    """Return groups of parameters with the factors of their rates, that of the heads first."""
    factors = encoder_factors(network, settings) if learns == "all" else {}
    parameters = [*learning_parameters(network, learns), *method.parameters()]
    groups: dict[float, list[nn.Parameter]] = {1.0: []}
    for parameter in parameters:
        groups.setdefault(factors.get(parameter, 1.0), []).append(parameter)
    return [{"params": held, FACTOR: factor} for factor, held in groups.items() if held]


def encoder_factors(network: Network, settings: TrainingSettings) -> dict[nn.Parameter, float]:
    """Return the factor of the rate of each of the encoder's parameters.

    With layers 0 to L from the images on, that of layer l is
    backbone_learning_rate * layer_decay^(L - l).

    Raises:
        ArgumentError: it is not known which layers the encoder has.
    """
    encoder, whole = network.encoder, settings.backbone_learning_rate
    if settings.layer_decay == 1:
        return dict.fromkeys(encoder.parameters(), whole)
    try:
        layers: dict[str, int] = encoder.layers()  # type: ignore[operator]
    except ValueError as error:
        raise ArgumentError(
            f"layer_decay: {settings.layer_decay:g}, but {error}; set it to 1"
        ) from error
    last = max(layers.values())
    return {
        parameter: whole * settings.layer_decay ** (last - layers[name])
        for name, parameter in encoder.named_parameters()
    }


def hidden_weights(network: Network, learns: Learns = "all") -> list[nn.Parameter]:
    """Return the matrices and kernels between a network's first layer and its classifier.

    Those of a single output, such as a transformer's position embedding, are none.
    """
    own = learning_weights(network.encoder) if learns == "all" else []
    heads = list(network.projection.parameters()) if network.projection is not None else []
    first = next((p for p in network.encoder.parameters() if p.ndim > 1), None)
    return [p for p in (*own, *heads) if p.ndim > 1 and len(p) > 1 and p is not first]
