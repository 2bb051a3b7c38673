"""Work that must not ask: some libraries offer on standard input to run a model's own code."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STANDARD_INPUT = 0


@contextmanager
def without_input() -> Iterator[None]:
    """Let standard input be at its end inside, for this process and those that it starts."""
    try:
        kept = os.dup(_STANDARD_INPUT)
    except OSError:  # it was closed by whoever started this process
        kept = None
    stream = sys.stdin
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), _STANDARD_INPUT)
        sys.stdin = nothing
        try:
            yield
        finally:
            sys.stdin = stream
            if kept is not None:
                os.dup2(kept, _STANDARD_INPUT)
                os.close(kept)
