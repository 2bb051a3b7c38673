"""Which of how many processes this one is, and the group that they form."""

import dataclasses
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor

from sau.core.errors import ArgumentError, StoppedEarlyError, UserError
from sau.device.gpus import reserved_device
from sau.device.share import Share, all_gather

FEWEST_ROWS = 2
"""Of a process: BatchNorm has no variance of one image."""


@dataclasses.dataclass(frozen=True)
class Ranks:
    """One of `count` processes: `rank` among all of them, `local_rank` among those of its machine.

    A single process, rank 0 of 1, needs no group.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes files and shows progress."""
        return self.rank == 0

    def share(self, rows: int) -> Share | None:
        """Return this process's share of `rows`; None where it has all of them.

        All processes have all of so few rows that a share would be less than two.
        """
        if self.count == 1 or rows < FEWEST_ROWS * self.count:
            return None
        return Share(self.rank, self.count, rows)

    def own(self, values: Tensor) -> Tensor:
        """Return those rows of `values` that are this process's, or all if they are not shared."""
        share = self.share(len(values))
        return values if share is None else values[share.own]

    def any(self, own: bool) -> bool:
        """Return whether `own` is true in any process; the GPUs are not waited for."""
        if self.count == 1:
            return own
        found = torch.tensor(int(own))
        dist.all_reduce(found, dist.ReduceOp.MAX)
        return bool(found)

    def all(self, own: bool) -> bool:
        """Return whether `own` is true in every process; the GPUs are not waited for."""
        return not self.any(not own)

    @contextmanager
    def own_device(self, name: str, key: str = "device") -> Iterator[torch.device]:
        """Give this process its device for the time of the block.

        A GPU that no other job of this machine has taken, nor another of these processes. A process
        by itself shares one if all are taken.

        Args:
            name: cpu or cuda.
            key: the argument or setting that says so, for the message.

        Raises:
            UserError: no such device, or fewer free GPUs than processes.
        """
        otherwise = 0 if self.count == 1 else None  # NCCL refuses two processes on one GPU
        with reserved_device(name, key, otherwise) as device:
            yield device


ALONE = Ranks()
"""A single process."""


def find_ranks(processes: int, environment: Mapping[str, str] = os.environ) -> Ranks:
    """Return which process this is, as `torchrun` says it in the environment.

    Args:
        processes: how many there should be.
        environment: with RANK, WORLD_SIZE and LOCAL_RANK, or none of them for a single process.

    Raises:
        ArgumentError: there are more or fewer processes.
    """
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    found = [int(environment[name]) for name in names if name in environment]
    ranks = Ranks(*found) if len(found) == len(names) else ALONE
    if ranks.count != processes:
        raise ArgumentError(
            f"processes: {processes}, but {ranks.count} of them run; start the program with "
            f"`torchrun --standalone --nproc-per-node {processes}` in place of `python`, or set it "
            f"to {ranks.count}"
        )
    return ranks


@contextmanager
def process_group(ranks: Ranks, device: torch.device) -> Iterator[None]:
    """Let the processes find each other, and wait for each other in the end.

    One alone does neither. Tensors on GPUs go through NCCL, those on CPUs through gloo. Of the
    others than the first, only errors are logged. After an error the group is left as it is: to end
    it in order would mean to wait for the others, and whoever started them ends them when one has
    ended.
    """
    if ranks.count == 1:
        yield
        return
    if not ranks.is_first:
        logging.getLogger("sau").setLevel(logging.ERROR)
    if device.type == "cuda":
        dist.init_process_group("cpu:gloo,cuda:nccl", device_id=device)
    else:
        dist.init_process_group("gloo")
    try:
        yield
    except StoppedEarlyError:
        _end_together(ranks)
        raise
    _end_together(ranks)


def _end_together(ranks: Ranks) -> None:
    # Whoever ends first would have the others ended before the first has written its files.
    ranks.any(False)
    dist.destroy_process_group()


def refuse_disagreement(ranks: Ranks, epoch: int, steps: int) -> None:
    """Wait for all processes; refuse to go on unless all are after the same steps of an epoch.

    Raises:
        UserError: they are not, as they have not read the same checkpoint.
    """
    if ranks.count == 1:
        return
    own = torch.tensor([epoch, steps])
    found = all_gather(own)
    if (found != own).any():
        raise UserError(
            "--checkpoint: the processes go on after these epochs and steps of the next: "
            f"{found.tolist()}; let them all read the same folder, on a disk that they share"
        )
