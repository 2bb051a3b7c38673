from collections.abc import Callable

import torch
from torch import Tensor

Rows = list[list[float]]


def assert_loss_and_gradient(
    loss: Callable[[Tensor], Tensor], oracle: Callable[[Rows], float], inputs: Tensor
) -> None:
    """Compare a loss of float64 (B, C) and its gradient with a plain loop and its slopes."""
    inputs = inputs.double().requires_grad_()
    found = loss(inputs)
    (gradient,) = torch.autograd.grad(found, inputs)
    rows = inputs.tolist()
    assert abs(found.item() - oracle(rows)) < 1e-6
    step = 1e-5
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            sides = []
            for moved in (value + step, value - step):
                values[column] = moved
                sides.append(oracle(rows))
            values[column] = value
            slope = (sides[0] - sides[1]) / (2 * step)
            assert abs(gradient[row, column].item() - slope) < 1e-6
