"""What ends a command from outside: Ctrl-C, a scheduler's SIGTERM, a terminal that is closed."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_KILLED = 128
"""What shells add to a signal's number for an exit code."""


class Interruption(KeyboardInterrupt):
    """A signal has ended a command, and the same command goes on where it stopped.

    The command line prints it in one line and exits as a shell has it: 130 after Ctrl-C, 143 after
    SIGTERM.

    Args:
        number: of the signal.
        kept: what is kept, as the middle of a sentence; empty: nothing that need be said.
    """

    def __init__(self, number: int, kept: str = "") -> None:
        name = signal.Signals(number).name
        super().__init__(f"interrupted by {name}; {f'{kept}; ' if kept else ''}run again to go on")
        self.exit_code = _KILLED + number


@contextmanager
def raised() -> Iterator[None]:
    """Let signals that end a command raise an `Interruption` within the block."""

    def interrupt(number: int) -> None:
        raise Interruption(number)

    with handled(interrupt):
        yield


@contextmanager
def handled(function: Callable[[int], object]) -> Iterator[None]:
    """Let signals that end a command call a function with their number instead, within the block.

    Only the main thread can take signals; in another one, and where a signal is ignored, as after
    `nohup`, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handler(number: int, _frame: FrameType | None) -> None:
        function(number)

    before = {number: signal.getsignal(number) for number in ENDING}
    before = {number: old for number, old in before.items() if old not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
