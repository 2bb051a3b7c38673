"""How to compute the same thing twice."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.utils.deterministic

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
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
    )
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Filling every new tensor costs time, and nothing here reads what it has not written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        with full_precision():
            yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1], warn_only=before[2])
        torch.utils.deterministic.fill_uninitialized_memory = before[3]  # type: ignore[attr-defined]
