"""When Snakemake's process begins to run jobs, or refuses to, for the logger in that process."""

import os
import sys
from pathlib import Path

_state: dict[str, Path | bool] = {"expected": False}


def expect() -> None:
    """Say that a logger waits for the moment."""
    _state["expected"] = True


def begin(results: Path) -> None:
    """Say that jobs are about to run, and into which folder.

    Where a logger shows lines of its own, what jobs print goes to their logs alone.
    """
    if not _state["expected"]:
        return
    _state["results"] = results
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def results() -> Path | None:
    """Return the folder of the results, None before the moment."""
    there = _state.get("results")
    return there if isinstance(there, Path) else None


def refuse() -> None:
    """Say that what was asked for is refused: why has been said, and there is no more to say."""
    _state["refused"] = True


def is_refused() -> bool:
    """Return whether what was asked for is refused."""
    return "refused" in _state
