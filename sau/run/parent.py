"""A job of Snakemake ends when Snakemake is killed: nobody would collect what it makes."""

import logging
import os
import signal
import threading
import time
from collections.abc import Sequence

from sau.storage.process import Process

VARIABLE = "SAU_PARENT"
"""Environment variable in which a rule's shell tells the process number of its own parent."""

_EVERY = 0.5
"""Seconds between two looks."""

log = logging.getLogger(__name__)


def end_with_parents() -> None:
    """End this process by SIGTERM when Snakemake, or the shell in between, has ended.

    Without `VARIABLE`, which the rules set, the process goes on alone, as one that somebody has put
    into the background is meant to.
    """
    told = os.environ.get(VARIABLE, "")
    if not told.isdigit() or int(told) <= 1:  # of another namespace, or of none
        return
    parents = [Process.numbered(os.getppid()), Process.numbered(int(told))]
    threading.Thread(target=_watch, args=(parents,), name="parents", daemon=True).start()


def _watch(parents: Sequence[Process]) -> None:
    while not any(parent.is_gone() for parent in parents):
        time.sleep(_EVERY)
    log.warning("the process that started this job has ended, so the job ends too")
    os.kill(os.getpid(), signal.SIGTERM)
