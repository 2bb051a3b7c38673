"""A method's loss on a batch that several processes share."""

from collections.abc import Callable
from functools import partial

from torch import nn
from torch.nn.parallel import DistributedDataParallel

from sau.device.share import SharesRows, sharing
from sau.methods.base import AnyMethod, Losses, Step

LossFunction = Callable[[AnyMethod, Step], Losses]
"""Takes a method and what its `loss` takes."""


def own_loss(method: AnyMethod, step: Step) -> Losses:
    """Return the loss of a step of whose batches this process has all rows."""
    return method.loss(step)


class SharedLoss(nn.Module):
    """A method's loss as the forward pass of one module, as `DistributedDataParallel` wants it.

    Each process computes the loss of the whole batch; see `sau.device.share`.

    Args:
        network: what learns, and shares rows.
        method: its heads learn too; a network inside of it, such as one that embeds keys, shares
            rows as well.
    """

    def __init__(self, network: nn.Module, method: AnyMethod) -> None:
        super().__init__()
        self.network, self.method = network, method
        # In a plain list: they are submodules already.
        self.sharers = [module for module in self.modules() if isinstance(module, SharesRows)]

    def forward(self, method: AnyMethod, step: Step) -> Losses:
        """Return the losses that `method`, this one or a copy of it, finds for all rows."""
        with sharing(self.sharers, step.batch.share):
            return method.loss(step)


class ParallelLoss:
    """A loss whose backward pass leaves the same gradient in all processes.

    What does that, `DistributedDataParallel`, is made for the first batch: then it is settled which
    parameters learn, and it does not see the gradients of an earlier phase, which it would count.

    Args:
        network: see `SharedLoss`.
        method: likewise.
    """

    def __init__(self, network: nn.Module, method: AnyMethod) -> None:
        self._make = partial(SharedLoss, network, method)
        self._parallel: DistributedDataParallel | None = None

    def __call__(self, method: AnyMethod, step: Step) -> Losses:
        """Return the losses that `method`, this one or a copy of it, finds for all rows."""
        if self._parallel is None:
            self._parallel = DistributedDataParallel(
                self._make(),
                # After each step all processes have the same buffers as it is.
                broadcast_buffers=False,
                # A second phase may leave heads of the first unused. Also, gradients are then
                # always summed in the same packets, so that a run that goes on after a kill ends in
                # the same bytes.
                find_unused_parameters=True,
            )
        losses: Losses = self._parallel(method, step)
        return losses
