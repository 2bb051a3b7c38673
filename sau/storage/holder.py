"""Who holds a lock, as its file tells those who come later."""

import dataclasses
import getpass
import json
import os
import re
import secrets
import sys
import time
from pathlib import Path
from typing import Any, Self

from sau.core.printable import one_line
from sau.storage.process import Process


@dataclasses.dataclass(frozen=True)
class Holder:
    """Who holds a lock.

    Attributes:
        process: that holds it.
        user: its user's name.
        command: what it runs, up to the first flag: a key that is misplaced into one is not shown.
        folder: its working directory.
        folder_number: that folder's number on its disk, the same for all machines that share it.
        since: when it took the lock, as its clock says, for people.
        token: of this taking of the lock alone.
    """

    process: Process
    user: str
    command: str
    folder: str
    folder_number: int
    since: str
    token: str

    @classmethod
    def current(cls) -> Self:
        """Return the process that asks, with a token of its own."""
        since = time.strftime("%Y-%m-%d %H:%M:%S %z")
        token = secrets.token_hex(8)
        return cls(Process.current(), _user(), _command(), *_folder(), since, token)

    def to_json(self) -> str:
        """Return what a lock's file holds."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """Return whom a lock's file names; None if it is damaged, or not written yet."""
        try:
            found: dict[str, Any] = json.loads(text)
            process = Process(**found.pop("process"))
            holder = cls(process=process, **found)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            return None
        return holder if holder._is_sound() else None

    def describe(self) -> str:
        """Return who it is, for a message: process, user, host, since when, and the command."""
        shown = [self.process.host, self.user, self.since, self.command]
        host, user, since, command = (one_line(text, 120) for text in shown)
        return f"pid {self.process.pid} of {user} on host {host} since {since} ({command})"

    def _is_sound(self) -> bool:
        """Return whether all has the right type, and the token may be part of a file's name."""
        process, pid = dataclasses.asdict(self.process), self.process.pid
        texts = [self.user, self.command, self.folder, self.since, self.token]
        texts += [process[name] for name in ("host", "machine", "started")]
        if not all(isinstance(text, str) for text in texts):
            return False
        is_number = isinstance(pid, int) and not isinstance(pid, bool) and pid > 0
        return is_number and re.fullmatch(r"[0-9a-f]{16}", self.token) is not None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number without a name
        return str(os.getuid())


def _folder() -> tuple[str, int]:
    try:
        return str(Path.cwd()), Path.cwd().stat().st_ino
    except OSError:  # it has been removed
        return "", 0


def _command() -> str:
    """Return the program's name and the words up to the first flag."""
    first, *rest = sys.argv or [""]
    path = Path(first)
    name = path.parent.name if path.name == "__main__.py" else path.name
    words = [name if name not in ("", "-c", "-m") else "python"]
    for word in rest:
        if word.startswith("-"):
            break
        words.append(word)
    return " ".join(words)
