"""Muon: SGD whose updates of hidden layers' weights are made orthogonal."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the odd polynomial that is applied over and over; see `orthogonalise`."""

STEPS = 5


class Muon(torch.optim.SGD):
    """SGD with momentum; weights of hidden layers take the nearest half-orthogonal step instead.

    For a hidden weight W, a matrix of outputs x (inputs * kernel), gradient G and momentum m::

        V <- m V + G,  U = V, or G + m V in Nesterov's form
        W <- (1 - r d) W - r sqrt(max(1, outputs / inputs)) orthogonalise(U)

    Args:
        parameters: all of them, hidden ones included, or groups of them as PyTorch's optimizers
            take them; the order is that of checkpoints.
        hidden: those whose steps are made orthogonal, of two dimensions or more.
        learning_rate: of the others; Phase sets it for each epoch.
        ratio: r over that rate, so that both follow one schedule.
        hidden_decay: d, decoupled; the others have `weight_decay`, added to the gradient.
        momentum: m, of both.
        weight_decay: of the others.
        nesterov: of both.

    Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), with
    convolutions taken as matrices as there.
    """

    def __init__(
        self,
        parameters: Sequence[nn.Parameter] | Sequence[dict[str, Any]],
        hidden: Iterable[nn.Parameter],
        learning_rate: float,
        *,
        ratio: float,
        hidden_decay: float,
        momentum: float,
        weight_decay: float,
        nesterov: bool,
    ) -> None:
        super().__init__(
            parameters,
            learning_rate,
            momentum=momentum,
            weight_decay=weight_decay,
            nesterov=nesterov,
            fused=True,
        )
        self._ratio, self._hidden_decay = ratio, hidden_decay
        group_of = {p: n for n, group in enumerate(self.param_groups) for p in group["params"]}
        self._alike: defaultdict[tuple[int, int, int], list[nn.Parameter]] = defaultdict(list)
        for parameter in hidden:
            alike = group_of[parameter], len(parameter), parameter[0].numel()
            self._alike[alike].append(parameter)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """Change all parameters that have a gradient."""
        gradients = {p: p.grad for alike in self._alike.values() for p in alike}
        for parameter in gradients:
            parameter.grad = None
        loss = super().step(closure)
        for parameter, gradient in gradients.items():
            parameter.grad = gradient
        for (place, *_), alike in self._alike.items():
            self._step_hidden([p for p in alike if p.grad is not None], self.param_groups[place])
        return loss

    def _step_hidden(self, alike: Sequence[nn.Parameter], group: dict[str, Any]) -> None:
        """Change matrices of one shape, all at once: there are few shapes and many layers."""
        if not alike:
            return
        momentum, rate = group["momentum"], self._ratio * group["lr"]
        updates = []
        for parameter in alike:
            assert parameter.grad is not None
            state = self.state[parameter]
            if state.get("momentum_buffer") is None:
                state["momentum_buffer"] = torch.zeros_like(parameter)
            velocity = state["momentum_buffer"].mul_(momentum).add_(parameter.grad)
            update = parameter.grad + momentum * velocity if group["nesterov"] else velocity
            updates.append(update.flatten(1))
        steps = orthogonalise(torch.stack(updates))
        outputs, inputs = steps.shape[1:]
        scale = max(1.0, outputs / inputs) ** 0.5
        for parameter, step in zip(alike, steps.unbind(), strict=True):
            parameter.mul_(1 - rate * self._hidden_decay)
            parameter.add_(step.view(parameter.shape), alpha=-rate * scale)


def orthogonalise(matrices: Tensor, steps: int = STEPS) -> Tensor:
    """Bring all singular values near 1, between about 0.7 and 1.2, and keep the singular vectors.

    With U S V' = M / |M|, the polynomial a s + b s^3 + c s^5 is applied `steps` times to S by
    matrix products alone. Its coefficients are chosen for a steep slope at 0, not to converge.

    Args:
        matrices: float32 (N, m, n); a matrix of zeros stays one.
        steps: how often.

    Returns: float32 (N, m, n). On a GPU the products are in bfloat16, as in the source.
    """
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    wide = matrices.mT if tall else matrices
    norms = torch.linalg.matrix_norm(wide, keepdim=True).clamp(min=1e-7)
    values = wide / norms
    if values.device.type == "cuda":
        values = values.bfloat16()
    for _ in range(steps):
        gram = values @ values.mT
        values = a * values + (b * gram + c * gram @ gram) @ values
    result: Tensor = (values.mT if tall else values).float()
    return result
