"""Progress with an estimate of the time left: a bar on a terminal, a line now and then in a log."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

LOG_INTERVAL = 20.0
"""Seconds between two progress lines when standard error is no terminal."""


def progress(
    items: Iterable[Item], description: str, *, total: int | None = None, unit: str = "it"
) -> Iterator[Item]:
    """Yield `items`, showing on standard error how many are done and the time left."""
    terminal = sys.stderr.isatty()
    yield from tqdm(
        items,
        desc=description,
        total=total,
        unit=unit,
        file=sys.stderr,
        mininterval=0.2 if terminal else LOG_INTERVAL,
        maxinterval=LOG_INTERVAL,
        dynamic_ncols=terminal,
        ascii=not terminal,
    )
