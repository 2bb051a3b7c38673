"""Progress with an estimate of the time left: a bar on a terminal, a line now and then in a log."""

import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

LOG_INTERVAL = 20.0
"""Seconds between two progress lines when standard error is no terminal."""


_open: "weakref.WeakSet[tqdm[Any]]" = weakref.WeakSet()


def end_bars() -> None:
    """End the bars that are open, so that what is printed next has a line of its own."""
    for bar in list(_open):
        bar.close()


def progress(
    items: Iterable[Item],
    description: str,
    *,
    total: int | None = None,
    unit: str = "it",
    delay: float = 0.0,
) -> Iterator[Item]:
    """Yield `items`, showing on standard error how many are done and the time left.

    Nothing is shown of what is done within `delay` seconds.
    """
    bar = tqdm(items, **_look(description, total, unit), delay=delay)
    _open.add(bar)
    yield from bar


@contextmanager
def progress_in_batches(
    description: str, *, total: int, unit: str, done: int = 0
) -> Iterator[Callable[[int], object]]:
    """Show the same of items that are done several at once, by a function to be told how many.

    `done` of them were done before, and do not count for the estimate.
    """
    with tqdm(**_look(description, total, unit), initial=done) as bar:
        _open.add(bar)
        yield bar.update


def _look(description: str, total: int | None, unit: str) -> dict[str, Any]:
    terminal = sys.stderr.isatty()
    return {
        "desc": description,
        "total": total,
        "unit": unit,
        "file": sys.stderr,
        "mininterval": 0.2 if terminal else LOG_INTERVAL,
        "maxinterval": LOG_INTERVAL,
        "dynamic_ncols": terminal,
        "ascii": not terminal,
    }
