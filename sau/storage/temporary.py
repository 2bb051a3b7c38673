"""Names for what is not whole yet: one for each process, so that no two write the same file."""

import hashlib
import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from sau.storage.process import Process, this_machine

OLD_AFTER = 3600.0
"""Seconds after its last change from which another machine's temporary file counts as left behind.
A file that is being written changes all the time."""

_NAME = re.compile(
    r"\..+\.[^.]*-(?P<machine>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{8}\.(part|old)", re.S
)
_LONGEST = 80
_QUICKLY_SEEN = 1000
"""Files of a folder that is looked into each time; one with more is, each so many seconds."""

_next_look: dict[Path, float] = {}


def temporary_beside(path: Path, ending: str = "part") -> Path:
    """Return a name beside `path` that no other process has, nor this one twice.

    Args:
        path: what is to stand there in the end.
        ending: part, or old for what was there before.
    """
    host = re.sub(r"[^A-Za-z0-9]", "", os.uname().nodename)[:20]
    tag = f"{host}-{this_machine()}-{os.getpid()}-{secrets.token_hex(4)}"
    return path.with_name(f".{short(path.name)}.{tag}.{ending}")


def short(name: str) -> str:
    """Return a file's name, or where there would be no room for an ending, its start and a hash."""
    data = os.fsencode(name)
    if len(data) <= _LONGEST:
        return name
    start = data[: _LONGEST // 2].decode(errors="ignore")
    return f"{start}~{hashlib.sha256(data).hexdigest()[:16]}"


def remove_left_behind(folder: Path) -> None:
    """Remove temporary files and folders that killed processes have left in a folder.

    Those of this machine whose process has ended, and those of others that have not changed for
    `OLD_AFTER`. What cannot be removed stays. A folder with thousands of files is looked into once
    in as many seconds, or a writer of very many files would do little else.

    Args:
        folder: where to look; it may not be there.
    """
    if time.monotonic() < _next_look.get(folder, 0.0):
        return
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError:  # no such folder, or none to look into
        return
    for entry in entries:
        named = _NAME.fullmatch(entry.name)
        if named and _is_left_behind(entry, named):
            remove(Path(entry.path))
    if len(entries) > _QUICKLY_SEEN:
        _next_look[folder] = time.monotonic() + len(entries) / _QUICKLY_SEEN


def _is_left_behind(entry: os.DirEntry[str], name: re.Match[str]) -> bool:
    gone = Process("", name["machine"], int(name["pid"])).is_gone()
    if gone is None:
        with suppress(OSError):  # it has just been removed or moved into place
            return time.time() - entry.stat(follow_symlinks=False).st_mtime > OLD_AFTER
        return False
    return gone


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, as far as it is there and the system allows it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink()
