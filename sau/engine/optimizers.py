"""The optimizer of a phase: which parameters, at which rates, and what changes them."""

from typing import Any, Literal

import torch
from torch import nn

from sau.core.errors import ArgumentError
from sau.engine.eager_optimizers import EagerAdamW, EagerSGD
from sau.engine.learning import Learns, learning_parameters
from sau.engine.muon import MuonWithAdamW, MuonWithSGD, OrthogonalSteps
from sau.engine.settings import TrainingSettings
from sau.methods.base import AnyMethod
from sau.networks import Network
from sau.networks.low_rank import learning_weights

FACTOR = "factor"
"""Of a group's learning rate, over the one that is set."""

BETAS_BESIDE_MUON = 0.9, 0.95
"""Of AdamW, which Muon's authors use beside it: a memory of twenty steps suits short trainings."""


def make_optimizer(
    network: Network, method: AnyMethod, settings: TrainingSettings, learns: Learns = "all"
) -> torch.optim.Optimizer:
    """Return SGD with momentum, Muon or AdamW, with weight decay.

    It holds the network's parameters, as far as they learn, then the method's own. Muon's hidden
    weights are those of encoder and projection head, or of the encoder alone, but for the encoder's
    first layer.
    """
    groups = parameter_groups(network, method, settings, learns)
    if settings.optimizer == "adamw":
        return EagerAdamW(
            groups, settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
    if settings.optimizer == "muon":
        hidden = (
            [] if learns == "classifier" else hidden_weights(network, learns, settings.muon_layers)
        )
        return _muon(groups, hidden, settings, network.precision)
    return EagerSGD(groups, **_sgd(settings))


def _muon(
    groups: list[dict[str, Any]],
    hidden: list[nn.Parameter],
    settings: TrainingSettings,
    precision: torch.dtype,
) -> OrthogonalSteps:
    made: OrthogonalSteps
    if settings.muon_others == "adamw":
        made = MuonWithAdamW(
            groups,
            settings.learning_rate,
            betas=BETAS_BESIDE_MUON,
            weight_decay=settings.weight_decay,
            fused=True,
        )
    else:
        made = MuonWithSGD(groups, **_sgd(settings))
    return made.with_hidden(
        hidden,
        ratio=settings.muon_learning_rate / settings.learning_rate,
        decay=settings.muon_weight_decay,
        momentum=settings.momentum,
        nesterov=settings.nesterov,
        steps=settings.muon_steps,
        fixed_norm=settings.muon_fixed_norm,
        precision=precision,
    )


def _sgd(settings: TrainingSettings) -> dict[str, Any]:
    return {
        "lr": settings.learning_rate,
        "momentum": settings.momentum,
        "weight_decay": settings.weight_decay,
        "nesterov": settings.nesterov,
        "fused": True,
    }


def parameter_groups(
    network: Network, method: AnyMethod, settings: TrainingSettings, learns: Learns
) -> list[dict[str, Any]]:
    """Return groups of parameters with the factors of their rates, and with their weight decay."""
    factors = encoder_factors(network, settings) if learns == "all" else {}
    factors |= dict.fromkeys(network.classifier.parameters(), settings.classifier_learning_rate)
    parameters = [*learning_parameters(network, learns), *method.parameters()]
    groups: dict[tuple[float, float], list[nn.Parameter]] = {(1.0, settings.weight_decay): []}
    for parameter in parameters:
        decays = settings.weight_decay_of == "all" or parameter.ndim > 1
        kind = factors.get(parameter, 1.0), settings.weight_decay if decays else 0.0
        groups.setdefault(kind, []).append(parameter)
    return [
        {"params": held, FACTOR: factor, "weight_decay": decay}
        for (factor, decay), held in groups.items()
        if held
    ]


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


def hidden_weights(
    network: Network, learns: Learns = "all", layers: Literal["all", "encoder"] = "all"
) -> list[nn.Parameter]:
    """Return the matrices and kernels between a network's first layer and its classifier.

    Those of a single output, such as a transformer's position embedding, are none; `layers` may
    leave out the projection head's.
    """
    own = learning_weights(network.encoder) if learns == "all" else []
    has_head = network.projection is not None and layers == "all"
    heads = list(network.projection.parameters()) if has_head and network.projection else []
    modules = (m for m in network.encoder.modules() if isinstance(m, nn.Conv2d | nn.Linear))
    # Not a parameter where the first layer does not learn; then there is nothing to leave out.
    first = next((module.weight for module in modules), None)
    return [p for p in (*own, *heads) if p.ndim > 1 and len(p) > 1 and p is not first]
