"""The rows of a batch that one of several processes works on, and how all rows come together.

A step is split by rows where it is expensive, in the encoder and the projection head; what follows,
the loss included, every process computes from all rows. So a loss needs to know nothing of
processes: it is the loss of the whole batch, contrastive pairs and class weights and all.

Gradients: `DistributedDataParallel` replaces each parameter's gradient by the mean over the
processes. Of a parameter that is used on all rows every process has the whole gradient, and so is
the mean. Of one that is used on its own rows it has a part, and the whole is the sum. `gather`
therefore multiplies the gradient by the number of processes on its way back into own rows, and
`take` divides by it on the way out: the mean is then the whole gradient of either kind.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclasses.dataclass(frozen=True)
class Share:
    """What one of several processes has of B rows: one of every `ranks`, from row `rank` on.

    A tensor of all rows is (k * B, ...): those of one view of the B images, then those of the next.
    One of own rows is (k * b, ...) likewise. All processes call the methods in the same order.

    Attributes:
        rank: of this process, 0 to `ranks` - 1.
        ranks: number of processes.
        rows: B, at least `ranks`; they need not be a multiple of it.
    """

    rank: int
    ranks: int
    rows: int

    @property
    def own(self) -> slice:
        """Which of the B rows this process has."""
        return slice(self.rank, self.rows, self.ranks)

    def own_rows(self, rank: int | None = None) -> int:
        """Return b, the rows of this process, or of that of another rank."""
        return len(range(self.rank if rank is None else rank, self.rows, self.ranks))

    def take(self, values: Tensor) -> Tensor:
        """Return own rows of (k * B, ...); for the gradient see the head of this file."""
        taken: Tensor = _Take.apply(values, self)
        return taken

    def gather(self, values: Tensor) -> Tensor:
        """Return all rows, in their order, from each process's own; the gradient flows back."""
        gathered: Tensor = _Gather.apply(values, self)
        return gathered

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum over the processes, in place; without gradient."""
        dist.all_reduce(values)
        return values


def all_gather(values: Tensor) -> Tensor:
    """Return what each process has given, (processes, *shape) of contiguous values; no gradient."""
    found = values.new_empty((dist.get_world_size() * len(values), *values.shape[1:]))
    dist.all_gather_into_tensor(found, values)
    return found.view(-1, *values.shape)


class SharesRows:
    """A module that works on own rows while it has a share, and on all of them while it has none.

    `share` is set by `sharing` for the time of one batch.
    """

    share: Share | None = None


@contextmanager
def sharing(modules: Iterable[nn.Module], share: Share | None) -> Iterator[None]:
    """Let those of `modules` that can share rows do so; then none of them does."""
    sharers = [module for module in modules if isinstance(module, SharesRows)]
    for module in sharers:
        module.share = share
    try:
        yield
    finally:
        for module in sharers:
            module.share = None


def _own_rows(values: Tensor, share: Share) -> Tensor:
    return torch.unflatten(values, 0, (-1, share.rows))[:, share.own].flatten(0, 1)


def _all_rows(values: Tensor, share: Share) -> Tensor:
    grouped = torch.unflatten(values, 0, (-1, share.own_rows()))
    if share.own_rows() < share.own_rows(0):
        # All processes must send as much; the row too many lands behind the last one.
        grouped = torch.cat([grouped, grouped[:, :1]], dim=1)
    found = all_gather(grouped.contiguous()).movedim(0, 2).flatten(1, 2)
    return found[:, : share.rows].flatten(0, 1)


class _Take(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, share: Share) -> Tensor:
        ctx.share = share
        return _own_rows(values, share)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _all_rows(gradient, ctx.share) / ctx.share.ranks, None


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, share: Share) -> Tensor:
        ctx.share = share
        return _all_rows(values, share)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _own_rows(gradient, ctx.share) * ctx.share.ranks, None
