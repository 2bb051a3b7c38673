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
_QUICK = 0.001
"""Seconds of a look into a folder that may be repeated at once."""

_SHARE = 100
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


def remove_left_behind(folder: Path, now: float | None = None) -> None:
    """Remove temporary files and folders that killed processes have left in a folder.

    Those of this machine whose process has ended, and those of others that have not changed for
    `OLD_AFTER`. What cannot be removed stays. Of a folder with very many files, at most one part
    in a hundred of the time goes into looking.

    Args:
        folder: where to look; it may not be there.
        now: the time by the clock of the folder's disk; None: by this machine's.
    """
    started = time.monotonic()
    if started < _next_look.get(folder, 0.0):
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            named = _NAME.fullmatch(entry.name)
            if named and _is_left_behind(entry, named, time.time() if now is None else now):
                _remove(Path(entry.path))
    took = time.monotonic() - started
    if took > _QUICK:
        _next_look[folder] = started + _SHARE * took


def _is_left_behind(entry: os.DirEntry[str], name: re.Match[str], now: float) -> bool:
    gone = Process("", name["machine"], int(name["pid"])).is_gone()
    if gone is None:
        with suppress(OSError):  # it has just been removed or moved into place
            return now - entry.stat(follow_symlinks=False).st_mtime > OLD_AFTER
        return False
    return gone


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink()
