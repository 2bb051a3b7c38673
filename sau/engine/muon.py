"""Muon: updates of hidden layers' weights that are made orthogonal, beside SGD or AdamW."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

from sau.engine.eager_optimizers import EagerAdamW, EagerSGD

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the odd polynomial that is applied over and over; see `orthogonalise`."""

STEPS = 5


class OrthogonalSteps(torch.optim.Optimizer):
    """Takes the nearest half-orthogonal step with hidden weights; another optimizer has the rest.

    For a hidden weight W, a matrix of outputs x (inputs * kernel), gradient G and momentum m::

        V <- m V + G,  U = V, or G + m V in Nesterov's form
        W <- (1 - r d) W - r sqrt(max(1, outputs / inputs)) orthogonalise(U)

    With a fixed norm, W is first scaled to the norm sqrt(outputs), that of rows of length 1.

    Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), with
    convolutions taken as matrices as there.
    """

    def with_hidden(
        self,
        hidden: Iterable[nn.Parameter],
        *,
        ratio: float,
        decay: float,
        momentum: float,
        nesterov: bool,
        steps: int = STEPS,
        fixed_norm: bool = False,
        precision: torch.dtype = torch.float32,
    ) -> Self:
        """Choose the weights whose steps are made orthogonal, and return the optimizer.

        Args:
            hidden: some of the optimizer's parameters, of two dimensions or more.
            ratio: r over the rate of the weight's group, so that both follow one schedule.
            decay: d, decoupled.
            momentum: m.
            nesterov: its form.
            steps: iterations of `orthogonalise`.
            fixed_norm: see above; for layers whose outputs are normalised, so that the length of W
                does not matter but to how far a step turns it.
            precision: of the matrix products in `orthogonalise` on a CPU.
        """
        self._ratio, self._decay = ratio, decay
        self._momentum, self._nesterov = momentum, nesterov
        self._steps, self._fixed_norm, self._precision = steps, fixed_norm, precision
        group_of = {p: n for n, group in enumerate(self.param_groups) for p in group["params"]}
        self._alike: defaultdict[tuple[int, int, int], list[nn.Parameter]] = defaultdict(list)
        for parameter in hidden:
            alike = group_of[parameter], len(parameter), parameter[0].numel()
            self._alike[alike].append(parameter)
        return self

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
            rate = self._ratio * self.param_groups[place]["lr"]
            self._step_hidden([p for p in alike if p.grad is not None], rate)
        return loss

    def _step_hidden(self, alike: Sequence[nn.Parameter], rate: float) -> None:
        """Change matrices of one shape, all at once: there are few shapes and many layers."""
        if not alike:
            return
        updates = []
        for parameter in alike:
            assert parameter.grad is not None
            state = self.state[parameter]
            if state.get("momentum_buffer") is None:
                state["momentum_buffer"] = torch.zeros_like(parameter)
            velocity = state["momentum_buffer"].mul_(self._momentum).add_(parameter.grad)
            update = parameter.grad + self._momentum * velocity if self._nesterov else velocity
            updates.append(update.flatten(1))
        steps = orthogonalise(torch.stack(updates), self._steps, self._precision)
        outputs, inputs = steps.shape[1:]
        scale = max(1.0, outputs / inputs) ** 0.5
        for parameter, step in zip(alike, steps.unbind(), strict=True):
            if self._fixed_norm:
                parameter.mul_(outputs**0.5 / torch.linalg.vector_norm(parameter).clamp(min=1e-7))
            parameter.mul_(1 - rate * self._decay)
            parameter.add_(step.view(parameter.shape), alpha=-rate * scale)


class MuonWithSGD(OrthogonalSteps, EagerSGD):
    """`OrthogonalSteps` of hidden weights; SGD of the others."""


class MuonWithAdamW(OrthogonalSteps, EagerAdamW):
    """`OrthogonalSteps` of hidden weights; AdamW of the others."""


def orthogonalise(
    matrices: Tensor, steps: int = STEPS, precision: torch.dtype = torch.float32
) -> Tensor:
    """Bring all singular values near 1, between about 0.7 and 1.2, and keep the singular vectors.

    With U S V' = M / |M|, the polynomial a s + b s^3 + c s^5 is applied `steps` times to S by
    matrix products alone. Its coefficients are chosen for a steep slope at 0, not to converge.

    Args:
        matrices: float32 (N, m, n); a matrix of zeros stays one.
        steps: how often; with 3 the smallest ones stay below, which is enough for a short training.
        precision: of the products on a CPU; on a GPU it is bfloat16, as in the source.

    Returns: float32 (N, m, n).
    """
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    wide = matrices.mT if tall else matrices
    norms = torch.linalg.matrix_norm(wide, keepdim=True).clamp(min=1e-7)
    values = wide / norms
    values = values.to(torch.bfloat16 if values.device.type == "cuda" else precision)
    for _ in range(steps):
        gram = values @ values.mT
        values = a * values + (b * gram + c * gram @ gram) @ values
    result: Tensor = (values.mT if tall else values).float()
    return result
