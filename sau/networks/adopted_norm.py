"""A BatchNorm of another kind that takes the place of a plain one."""

from typing import TypeVar

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from sau.core.errors import ArgumentError

Norm = TypeVar("Norm", bound=_BatchNorm)


def adopt(kind: type[Norm], layer: _BatchNorm) -> Norm:
    """Return a layer of a kind with the parameters and buffers of `layer`, the very same ones.

    Args:
        kind: of BatchNorm.
        layer: with weight, bias and running statistics.

    Raises:
        ArgumentError: a layer that computes in a way of its own: timm's have the activation within.
    """
    if type(layer).forward is not _BatchNorm.forward:
        raise ArgumentError(
            f"a layer is a {type(layer).__name__}, which may do more than normalise; no "
            f"{kind.__name__} can take its place; choose a backbone with plain BatchNorm, or "
            "leave BatchNorm as it is"
        )
    made = kind(layer.num_features, layer.eps, layer.momentum)
    for name, value in (*layer.named_parameters(), *layer.named_buffers()):
        # A scale that does not learn is a buffer, which cannot take a parameter's place.
        delattr(made, name)
        if isinstance(value, nn.Parameter):
            made.register_parameter(name, value)
        else:
            kept = name not in layer._non_persistent_buffers_set
            made.register_buffer(name, value, persistent=kept)
    return made.train(layer.training)
