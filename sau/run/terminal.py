"""Lines that are written over on a terminal, and written when they change elsewhere."""

import os
import re
import shutil
from collections.abc import Sequence
from typing import TextIO

_TIMES = re.compile(r", (about )?[0-9:]+( left)?")
_UP, _CLEAR = "\x1b[{}A", "\x1b[K"


class Terminal:
    """Shows a block of lines, each of which begins with a name.

    On a terminal the block is written over. Elsewhere, as in a file, a line is written when it has
    changed in more than its times.

    Args:
        stream: standard error.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._over = stream.isatty()
        self._shown: list[str] = []
        self.interval = 1.0 if self._over else 30.0
        """Seconds between two times that lines are shown anyway."""

    def show(self, lines: Sequence[str], *, times: bool = False) -> None:
        """Show the block as it is now.

        Args:
            lines: of the block.
            times: whether a line in which the times alone have changed is written too.
        """
        if not self._over:
            known = self._shown if times else [_TIMES.sub("", line) for line in self._shown]
            for line in lines:
                if (line if times else _TIMES.sub("", line)) not in known:
                    self._write(line)
            self._shown = list(lines)
            return
        width = self._columns() - 1
        up = _UP.format(len(self._shown)) if self._shown else ""
        self._stream.write(up + "".join(f"{line[:width]}{_CLEAR}\n" for line in lines))
        self._stream.flush()
        self._shown = list(lines)

    def _columns(self) -> int:
        """Return how wide this very terminal is; standard output may be another, or a file."""
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except OSError:  # not a file, or one whose terminal has gone
            columns = 0
        return columns or shutil.get_terminal_size().columns

    def say(self, line: str) -> None:
        """Write a line of its own, above the block."""
        if self._over and self._shown:
            self._stream.write(_UP.format(len(self._shown)) + _CLEAR)
        self._write(line)
        block, self._shown = self._shown, []
        if self._over and block:
            self.show(block)
        else:
            self._shown = block

    def end(self, lines: Sequence[str]) -> None:
        """Show the block for the last time; what is said then stands below it."""
        self.show(lines)
        self._shown = []

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()
