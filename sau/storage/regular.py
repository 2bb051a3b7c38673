"""Reading files that others named: regular ones of a bounded size, so that no read waits or fills
the memory."""

import os
import stat
from pathlib import Path


class NotReadableError(OSError):
    """A path that names no regular file, or one that is too large; `strerror` says which."""


def read_regular(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file, be it behind links.

    A pipe, a device, a socket or a folder is refused without being opened to read: a pipe would
    wait for its other end, and a device such as `/dev/zero` has no end.

    Args:
        path: the file.
        most: bytes that it may have.

    Raises:
        NotReadableError: no regular file, or a larger one.
        OSError: no such file, or no permission.
        ValueError: a null character in the path.
    """
    _refuse_other_kinds(path.stat().st_mode)
    # Not to wait even where the file was replaced since, or is one of /proc that waits.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        _refuse_other_kinds(status.st_mode)
        # Some of /proc have no size, and no end.
        data = file.read(most + 1) if status.st_size <= most else b""
        if status.st_size > most or len(data) > most:
            raise NotReadableError(0, f"larger than {most:,} bytes", str(path))
    return data


def leads_to_file(path: Path) -> bool:
    """Return whether a path leads to a regular file; one that may not be asked does not."""
    return stat.S_ISREG(_mode_of(path))


def leads_to_folder(path: Path) -> bool:
    """Return whether a path leads to a folder; one that may not be asked does not."""
    return stat.S_ISDIR(_mode_of(path))


def _mode_of(path: Path) -> int:
    """Return the mode of what a path leads to; 0 where the system does not say.

    `Path.is_file` raises where a folder on the way may not be looked into, or a name is too long.
    """
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


def _refuse_other_kinds(mode: int) -> None:
    """Refuse the mode of what is no regular file."""
    if stat.S_ISREG(mode):
        return
    kinds = {
        stat.S_ISDIR: "a folder",
        stat.S_ISFIFO: "a pipe",
        stat.S_ISSOCK: "a socket",
        stat.S_ISCHR: "a device",
        stat.S_ISBLK: "a device",
    }
    kind = next((words for asks, words in kinds.items() if asks(mode)), "no file")
    raise NotReadableError(0, f"{kind}, not a regular file")
