"""Where to compute, and how to compute the same thing twice."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.utils.deterministic

from sau.errors import UserError


def resolve_device(name: str) -> torch.device:
    """Return the device called `name`, cpu or cuda.

    Raises:
        UserError: cuda without such a GPU; there is no silent way back to the CPU.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "training.device: cuda, but PyTorch finds no CUDA GPU here; "
            "set it to cpu, or install a GPU driver and a CUDA build of PyTorch"
        )
    return torch.device(name)


def check_compiler(device: torch.device, mode: str) -> None:
    """Refuse CUDA graphs on a CPU, and to compile for one without a C++ compiler.

    torch.compile itself says nothing of the first, and of the second only in the first step.

    Raises:
        UserError: one of the two.
    """
    if device.type != "cpu":
        return
    if mode == "reduce-overhead":
        raise UserError(
            "training.compile: reduce-overhead records CUDA graphs, but training.device is cpu; "
            "set compile to default or off"
        )
    names = [os.environ.get("CXX", ""), "g++", "clang++"]
    if not any(name and shutil.which(name) for name in names):
        raise UserError(
            f"training.compile: {mode}, but there is no C++ compiler (g++ or clang++) here; "
            "install one, or set compile to off"
        )


@contextmanager
def repeatable(threads: int) -> Iterator[None]:
    """Compute with `threads` CPU threads and deterministic algorithms; then as before.

    Where an operation has no deterministic form, PyTorch warns and goes on.
    """
    # cuBLAS reads this when it starts; without it, its sums may differ from run to run.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
    )
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Filling every new tensor costs time, and nothing here reads what it has not written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1], warn_only=before[2])
        torch.utils.deterministic.fill_uninitialized_memory = before[3]  # type: ignore[attr-defined]
