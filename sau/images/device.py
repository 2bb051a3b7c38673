"""Where the generators run, how exactly, and how they are made quick."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from sau.errors import UserError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@contextmanager
def reserved_device(name: str, shard: int) -> Iterator[torch.device]:
    """Give a device for the time of the block; of several GPUs one that no other job has taken.

    Jobs that run side by side on one machine know of each other by locks on files in the system's
    folder of temporary files. The lock of a killed job is gone with it. With more jobs than
    GPUs, the others take theirs by the number of the shard.

    Args:
        name: cpu or cuda.
        shard: of this job, from 0.

    Raises:
        UserError: cuda without such a GPU; there is no silent way back to the CPU.
    """
    if name == "cpu":
        yield torch.device("cpu")
        return
    if not torch.cuda.is_available():
        raise UserError("images.device: cuda, but this machine has no CUDA GPU; set it to cpu")
    names = [
        str(torch.cuda.get_device_properties(index).uuid)
        for index in range(torch.cuda.device_count())
    ]
    torch.backends.cudnn.deterministic = True
    with free_place(names, shard % len(names)) as index:
        torch.cuda.set_device(index)
        yield torch.device("cuda", index)


@contextmanager
def free_place(names: list[str], otherwise: int) -> Iterator[int]:
    """Reserve the first of `names` that no process of this user has; give its place.

    Args:
        names: one for each GPU, unique on this machine.
        otherwise: what to give where all are taken, without reserving it.
    """
    for index, name in enumerate(names):
        lock = Path(tempfile.gettempdir()) / f"sau-{os.getuid()}-gpu-{name}.lock"
        with lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield index
            return
    yield otherwise


def make_quick(network: nn.Module, device: torch.device, mode: str) -> None:
    """Lay a network out for its device, and compile it if asked to; in place.

    Args:
        network: with convolutions or without.
        device: on a GPU, weights of convolutions are stored channels last.
        mode: of `torch.compile`, or off.

    Raises:
        UserError: compiling for a CPU without a C++ compiler.
    """
    if device.type == "cuda":
        # Not on a CPU, where results of earlier versions would change by rounding.
        network.to(memory_format=torch.channels_last)
    if mode == "off":
        return
    compilers = [os.environ.get("CXX", ""), "g++", "clang++"]
    if device.type == "cpu" and not any(name and shutil.which(name) for name in compilers):
        raise UserError(
            f"images.compile: {mode}, but there is no C++ compiler (g++ or clang++) here; "
            "install one, or set compile to off"
        )
    network.compile(mode=mode, dynamic=False)
