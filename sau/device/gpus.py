"""A GPU of its own for each job of a machine."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from sau.core.errors import UserError
from sau.device.precision import full_precision
from sau.storage.refused import explained


@contextmanager
def reserved_device(name: str, key: str, otherwise: int | None = 0) -> Iterator[torch.device]:
    """Give a device for the time of the block; of several GPUs one that no other job has taken.

    Jobs that run side by side on one machine know of each other by locks on files in the system's
    folder of temporary files. The lock of a killed job is gone with it. With more jobs than
    GPUs, the others take theirs by their own number.

    Within the block convolutions are as in `full_precision`.

    Args:
        name: cpu or cuda.
        key: the setting that says so, for the message.
        otherwise: a number of this job, from 0, such as its shard's; None for a job that cannot
            share a GPU.

    Raises:
        UserError: cuda without such a GPU, or without a free one for a job that cannot share; there
            is no silent way back to the CPU.
    """
    if name == "cpu":
        yield torch.device("cpu")
        return
    if not torch.cuda.is_available():
        raise UserError(f"{key}: cuda, but this machine has no CUDA GPU; set it to cpu")
    names = [
        str(torch.cuda.get_device_properties(index).uuid)
        for index in range(torch.cuda.device_count())
    ]
    otherwise = None if otherwise is None else otherwise % len(names)
    with full_precision(), free_place(names, otherwise) as index:
        if index is None:
            raise UserError(
                f"{key}: cuda, but other processes have all {len(names)} GPUs of this machine "
                "(CUDA_VISIBLE_DEVICES counts); start as many as there are GPUs, and tell "
                f"Snakemake their number: --resources gpu={len(names)}"
            )
        torch.cuda.set_device(index)
        yield torch.device("cuda", index)


@contextmanager
def free_place(names: list[str], otherwise: int | None) -> Iterator[int | None]:
    """Reserve the first of `names` that no process of this user has; give its place.

    Args:
        names: one for each GPU, unique on this machine.
        otherwise: what to give where all are taken, without reserving it.
    """
    for index, name in enumerate(names):
        lock = Path(tempfile.gettempdir()) / f"sau-{os.getuid()}-gpu-{name}.lock"
        with explained(lock, "another folder by TMPDIR"):
            file = lock.open("a")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield index
            return
    yield otherwise
