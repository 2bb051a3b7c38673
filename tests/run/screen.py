"""A pseudo-terminal to run commands on, and what its screen shows."""

import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

_PIECE = re.compile(r"\x1b\[(\d*)([A-Za-z])|([^\x1b])", re.DOTALL)


def run_on_terminal(
    words: Sequence[str], folder: Path, *, columns: int, env: Mapping[str, str]
) -> tuple[int, str]:
    """Run a command on a terminal of its own; return its exit code and all that it wrote there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(words[0], list(words), env)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    written = bytearray()
    while True:
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:  # how Linux says that the last process on the terminal has ended
            break
        if not data:
            break
        written += data
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), written.decode()


def shown(written: str, columns: int) -> list[str]:
    """Return the lines that a terminal shows after all that was written to it.

    It knows line ends, going up by lines (`A`) and clearing to the end of the line (`K`).

    Raises:
        ValueError: another escape sequence.
    """
    lines, row, column = [""], 0, 0
    for number, kind, character in _PIECE.findall(written):
        if kind == "A":
            row = max(row - int(number or 1), 0)
        elif kind == "K":
            lines[row] = lines[row][:column]
        elif kind:
            raise ValueError(f"escape sequence {kind!r} after {lines[row]!r}")
        elif character == "\r":
            column = 0
        elif character == "\n":
            row += 1
        else:
            if column == columns:
                row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
            lines[row] = lines[row][:column].ljust(column) + character + lines[row][column + 1 :]
            column += 1
        lines += [""] * (row + 1 - len(lines))
    return lines
