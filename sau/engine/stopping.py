"""When a run has to end before its last epoch: a time limit, or SIGTERM."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Stop:
    """Tells a run when to stop; its clock begins when it is made.

    Args:
        seconds: how long the run may take; None for as long as it wants.

    Attributes:
        agree: takes whether this process wants to stop, and returns whether all of a run's do.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.agree: Callable[[bool], bool] = bool
        self._end = None if seconds is None else time.monotonic() + seconds
        self._signalled = False
        self._epoch_began = 0.0
        self._longest = 0.0

    def ask(self, *_: Any) -> None:
        """Ask the run to stop after its current step; a signal handler."""
        self._signalled = True

    def due(self) -> bool:
        """Return whether the run has to stop at once."""
        late = self._end is not None and time.monotonic() >= self._end
        return self.agree(self._signalled or late)

    def before_epoch(self) -> bool:
        """Return whether to stop rather than begin an epoch, which starts the epoch's clock if not.

        No epoch begins that would end after the limit, if it takes as long as the longest so far.
        """
        self._epoch_began = time.monotonic()
        late = self._end is not None and self._epoch_began + self._longest >= self._end
        return self.agree(self._signalled or late)

    def end_epoch(self) -> None:
        """Note how long the epoch has taken, with all that belongs to it."""
        self._longest = max(self._longest, time.monotonic() - self._epoch_began)

    @property
    def reason(self) -> str:
        """What made the run stop, in words."""
        return "SIGTERM" if self._signalled or self._end is None else "the time limit"


@contextmanager
def sigterm_asks(stop: Stop) -> Iterator[None]:
    """Let SIGTERM ask `stop` instead of ending the process, in the main thread.

    Only the main thread can take signals: in another one they do what they did before.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop.ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
