"""Which process wrote something, and whether it still lives, as far as this machine can tell."""

import contextlib
import dataclasses
import functools
import hashlib
import os
import socket
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_STATE, _START = 0, 19
"""Places in what `/proc/PID/stat` says after the process's name."""


@dataclasses.dataclass(frozen=True)
class Process:
    """A process, distinguished from all others that share a disk.

    Attributes:
        host: the machine's name, for people.
        machine: 8 hex digits of what sees the same process numbers: the host's name, its start, and
            the container, as two containers may have one host name.
        pid: the process's number there.
        started: when it started, as the system counts; empty where that is not known. A number is
            given again to a later process.
    """

    host: str
    machine: str
    pid: int
    started: str = ""

    @classmethod
    def current(cls) -> Self:
        """Return the process that asks."""
        return cls.numbered(os.getpid())

    @classmethod
    def numbered(cls, pid: int) -> Self:
        """Return the process of this machine that has this number now, if there is one."""
        return cls(socket.gethostname(), this_machine(), pid, _start_of(pid) or "")

    def is_gone(self) -> bool | None:
        """Return whether the process has ended; None of another machine's, where none can tell."""
        if self.machine != this_machine():
            return None
        if not _is_running(self.pid):
            return True
        return bool(self.started) and _start_of(self.pid) not in (None, self.started)


@functools.cache
def this_machine() -> str:
    """Return what tells this machine from others, and from itself before its last start."""
    facts = [socket.gethostname()]
    with contextlib.suppress(OSError):  # only Linux has them
        facts.append((_PROC / "sys/kernel/random/boot_id").read_text())
        facts.append(str((_PROC / "self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:8]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # it is another user's
    # One that has ended keeps its number until its parent asks for its exit code.
    return _stat_of(pid)[_STATE : _STATE + 1] not in (["Z"], ["X"])


def _start_of(pid: int) -> str | None:
    fields = _stat_of(pid)
    return fields[_START] if len(fields) > _START else None


def _stat_of(pid: int) -> list[str]:
    """Return what the system says of a process after its name; nothing where it says nothing."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
