"""Sums on a GPU that are those of float32, and the same in each run."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def full_precision() -> Iterator[None]:
    """Let cuDNN compute convolutions of float32 values in float32, repeatably; then as before.

    By themselves they round their inputs to TF32's 10 bits. Matrix products do not, unless somebody
    asks for it. The only place that sets it; no effect on a CPU.
    """
    cudnn = torch.backends.cudnn
    before = cudnn.allow_tf32, cudnn.deterministic
    cudnn.allow_tf32, cudnn.deterministic = False, True
    try:
        yield
    finally:
        cudnn.allow_tf32, cudnn.deterministic = before
