"""One step of the optimizer, sharpness-aware if asked for."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from sau.engine.parallel import LossFunction, own_loss
from sau.methods.base import AnyMethod, Losses, Step
from sau.networks.protocol import MethodNetwork


def take_step(
    method: AnyMethod,
    optimizer: torch.optim.Optimizer,
    step: Step,
    *,
    sharpness_radius: float = 0.0,
    loss_of: LossFunction = own_loss,
) -> Losses:
    """Change the weights by the gradient of the step's loss, and return its parts.

    With a radius rho above 0, the gradient is taken at the weights w + rho * g / |g|, g being the
    gradient at w, with the same draws in both passes; BatchNorm's running statistics are those of
    the first pass. `loss_of` is another function where several processes share the batch.

    Source of the latter: Foret et al., "Sharpness-Aware Minimization for Efficiently Improving
    Generalization" (ICLR 2021), equations 2 and 3.
    """
    draws = step.generator.bit_generator.state
    losses = loss_of(method, step)
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(losses["total"])
    if sharpness_radius > 0:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        with uphill(parameters, sharpness_radius), still_statistics(step.network, method):
            step.generator.bit_generator.state = draws
            # A copy, so that what the method keeps for `after_step` is of the first pass.
            there = loss_of(copy.copy(method), step)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(there["total"])
    optimizer.step()
    method.after_step(step.network)
    return losses


@contextmanager
@torch.no_grad()
def uphill(parameters: Sequence[nn.Parameter], radius: float) -> Iterator[None]:
    """Move the parameters by `radius` along their joint gradient, and back in the end."""
    moved = [p for p in parameters if p.grad is not None]
    before = [p.detach().clone() for p in moved]
    gradients = [p.grad for p in moved if p.grad is not None]
    # A gradient of zero has no direction: the weights then stay.
    length = torch.nn.utils.get_total_norm(gradients).clamp(min=1e-12)
    for parameter, gradient in zip(moved, gradients, strict=True):
        parameter.add_(gradient * (radius / length))
    yield
    for parameter, value in zip(moved, before, strict=True):
        parameter.copy_(value)


@contextmanager
def still_statistics(*modules: nn.Module | MethodNetwork) -> Iterator[None]:
    """Let BatchNorm use a batch's own statistics without remembering them."""
    layers = [m for module in modules for m in module.modules() if isinstance(m, _BatchNorm)]
    before: list[tuple[float | None, Tensor | None]] = []
    for layer in layers:
        count = layer.num_batches_tracked
        before.append((layer.momentum, None if count is None else count.clone()))
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, (momentum, count) in zip(layers, before, strict=True):
            layer.momentum = momentum
            if count is not None and layer.num_batches_tracked is not None:
                layer.num_batches_tracked.copy_(count)
