"""Memory that stays with the process from one large tensor to the next."""

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of glibc's `mallopt`."""

NEVER, TRIM_BYTES, MAPPINGS = -1, 128 * 1024, 65536
"""To return nothing to the kernel, and glibc's own values of the two parameters."""


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Let large tensors take memory that others have left; in the end give back what is free.

    glibc maps each block of more than 32 MiB anew and unmaps it when it is freed. The kernel then
    clears all its pages, one by one as they are first written: for a convolution's output of 120 MB
    as long as the convolution itself takes on a CPU with a matrix unit. No effect on what is
    computed, nor where memory comes from another allocator (macOS, Windows, musl, jemalloc).
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_MAX, 0)
    libc.mallopt(M_TRIM_THRESHOLD, NEVER)
    try:
        yield
    finally:
        libc.mallopt(M_MMAP_MAX, MAPPINGS)
        libc.mallopt(M_TRIM_THRESHOLD, TRIM_BYTES)
        libc.malloc_trim(0)
