"""Memory that stays with the process from one large tensor to the next."""

import ctypes
import os
import platform
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of glibc's `mallopt`."""

NEVER = -1
"""To return nothing of the heap to the kernel."""

OWN_WORDS = ("MALLOC_", "GLIBC_TUNABLES")
"""How the names of variables begin by which a user tells glibc what to do."""


def keep_freed_memory() -> None:
    """Let large tensors of this process, from now on, take memory that others have left.

    glibc maps each large block anew, of more than 32 MiB always, and unmaps it when it is freed;
    the kernel then clears its pages one by one, as they are first written. This cannot be undone,
    so it is for a process that computes and ends, not for a library. It concerns blocks of the main
    thread. No effect on what is computed; none at all where memory comes from another allocator
    (macOS, Windows, musl), or where the environment tells glibc what to do (`OWN_WORDS`).
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return
    if any(name.startswith(OWN_WORDS) for name in os.environ):
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_MAX, 0)
    libc.mallopt(M_TRIM_THRESHOLD, NEVER)
