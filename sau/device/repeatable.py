"""How to compute the same thing twice."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.utils.deterministic

from sau.device.compiling import tell_compiler
from sau.device.precision import full_precision


@contextmanager
def repeatable(threads: int) -> Iterator[None]:
    """Compute with `threads` CPU threads and deterministic algorithms; then as before.

    Where an operation has no deterministic form, PyTorch warns and goes on. Convolutions are as in
    `full_precision`.
    """
    # cuBLAS reads this when it starts; without it, its sums may differ from run to run.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = (
        torch.get_num_threads(),
        torch.get_deterministic_debug_mode(),
        torch.utils.deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
    )
    torch.set_num_threads(threads)
    # `use_deterministic_algorithms` is the same, and loads torch's compiler for two seconds to tell
    # it as well.
    torch.set_deterministic_debug_mode("warn")
    tell_compiler()
    # Filling every new tensor costs time, and nothing here reads what it has not written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        with full_precision():
            yield
    finally:
        torch.set_num_threads(before[0])
        torch.set_deterministic_debug_mode(before[1])
        tell_compiler()
        torch.utils.deterministic.fill_uninitialized_memory = before[2]  # type: ignore[attr-defined]
