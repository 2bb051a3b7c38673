"""Ctrl-C and SIGTERM while requests are under way: nothing more is sent, and what comes is kept."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from sau.core.errors import UserError
from sau.core.signals import Interruption, handled
from sau.pipeline.prompts.llm.requests import Request
from sau.pipeline.prompts.llm.retries import Courier
from sau.pipeline.prompts.llm.store import AnswerStore

GRACE = 5.0
"""Seconds for which answers that are under way, and paid for, are waited for after a signal."""


class Ending:
    """Whether a signal has asked for an end.

    Attributes:
        signal: the number of the first one; None before.
    """

    def __init__(self, courier: Courier, tasks: Iterable["asyncio.Task[None]"]) -> None:
        self.signal: int | None = None
        self._courier = courier
        self._tasks = list(tasks)

    def ask(self, number: int) -> None:
        """Send nothing more, and wait for what is under way; but not after a second signal."""
        if self.signal is not None:
            self._cancel()
            return
        self.signal = number
        self._courier.stop(UserError("interrupted"))
        asyncio.get_running_loop().call_later(GRACE, self._cancel)

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()


@contextmanager
def ending_by_signals(courier: Courier, tasks: Iterable["asyncio.Task[None]"]) -> Iterator[Ending]:
    """Let signals end tasks within the block, of a running loop; their errors are then passed over.

    Args:
        courier: who sends their requests.
        tasks: end once the courier is stopped, or are cancelled.
    """
    loop = asyncio.get_running_loop()
    ending = Ending(courier, tasks)
    with handled(lambda number: loop.call_soon_threadsafe(ending.ask, number)):
        try:
            yield ending
        except (UserError, asyncio.CancelledError):
            if ending.signal is None:
                raise


def interruption(
    number: int, requests: Sequence[Request], store: AnswerStore, more: str = ""
) -> Interruption:
    """Return what is said at the end: how many of the requests have their answers."""
    stored = sum(request.key in store for request in requests)
    return Interruption(number, f"{stored:,} of {len(requests):,} answers are stored{more}")
