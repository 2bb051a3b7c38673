"""Results in their order, computed by threads before their turn."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor, Future
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_ahead(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Generator[Result, None, None]:
    """Yield `function(item)` of each item, in their order.

    While one result is waited for or used, the next `ahead` items are computed; later ones are not
    even asked for. What a function raises is raised here, at its item's turn.

    Args:
        pool: whose threads compute; left open.
        function: of one item.
        items: read by this thread, no earlier than needed.
        ahead: at least 0.
    """
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
