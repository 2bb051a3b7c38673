"""Looks at many images, in several processes."""

import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from sau.core.ahead import map_ahead
from sau.core.progress import progress_in_batches
from sau.sources.look import Look, look_at_some

_AT_ONCE = 128
"""Images that a process looks at before it answers."""
_FEW = 1000
"""Images that are looked at in this process: to start others takes a second or two."""


def look_at(files: Sequence[Path], *, processes: int | None = None) -> pd.DataFrame:
    """Look at images, in several processes where there are many.

    Args:
        files: of the images.
        processes: how many; None: as the machine has cores, and none but this one for few images.

    Returns: a row for each file, with the parts of `Look` as columns; `hash` is uint64.
    """
    if processes is None:
        processes = 1 if len(files) < _FEW else os.cpu_count() or 1
    looks: list[Look] = []
    parts = [files[at : at + _AT_ONCE] for at in range(0, len(files), _AT_ONCE)]
    with progress_in_batches("images", total=len(files), unit="image") as done:
        for part in _looked(parts, processes):
            looks += part
            done(len(part))
    return pd.DataFrame(looks, columns=list(Look._fields)).astype({"hash": "uint64"})


def _looked(parts: Iterable[Sequence[Path]], processes: int) -> Iterator[list[Look]]:
    if processes == 1:
        yield from map(look_at_some, parts)
        return
    with _pool(processes) as pool:
        yield from map_ahead(pool, look_at_some, parts, ahead=3 * processes)


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    # Threads would share Python's list of warnings, which decoding has to change.
    # Ctrl-C reaches all processes of a terminal, and is for the first one alone.
    ignoring = (signal.SIGINT, signal.SIG_IGN)
    context = get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, initializer=signal.signal, initargs=ignoring)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
