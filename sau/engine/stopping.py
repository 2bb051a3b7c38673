"""When a run has to end before its last epoch: a time limit, or a signal."""

import signal
import time
from collections.abc import Callable

from sau.core.errors import EXIT_STOPPED_EARLY
from sau.core.signals import Interruption


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
        self._signal: signal.Signals | None = None
        self._epoch_began = 0.0
        self._longest = 0.0

    def ask(self, number: int = signal.SIGTERM) -> None:
        """Ask the run to stop after its current step, because of a signal.

        Raises:
            Interruption: it was asked before by Ctrl-C, and somebody does not want to wait.
        """
        if self._signal == signal.SIGINT == number:
            raise Interruption(number)
        self._signal = signal.Signals(number)

    def due(self) -> bool:
        """Return whether the run has to stop at once."""
        late = self._end is not None and time.monotonic() >= self._end
        return self.agree(self._signal is not None or late)

    def before_epoch(self) -> bool:
        """Return whether to stop rather than begin an epoch, which starts the epoch's clock if not.

        No epoch begins that would end after the limit, if it takes as long as the longest so far.
        """
        self._epoch_began = time.monotonic()
        late = self._end is not None and self._epoch_began + self._longest >= self._end
        return self.agree(self._signal is not None or late)

    def end_epoch(self) -> None:
        """Note how long the epoch has taken, with all that belongs to it."""
        self._longest = max(self._longest, time.monotonic() - self._epoch_began)

    @property
    def reason(self) -> str:
        """What made the run stop, in words."""
        if self._signal is not None:
            return self._signal.name
        return "SIGTERM" if self._end is None else "the time limit"  # another process's signal

    @property
    def exit_code(self) -> int:
        """What the command line exits with: 130 after Ctrl-C, else 75, as schedulers have it."""
        ctrl_c = self._signal == signal.SIGINT
        return Interruption(signal.SIGINT).exit_code if ctrl_c else EXIT_STOPPED_EARLY
