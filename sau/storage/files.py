"""Files that are either whole or not there."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sau.storage.refused import check_place_of, explained
from sau.storage.temporary import remove_left_behind, temporary_beside
from sau.storage.together import put_in_place


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it into place when the block ends well.

    The move is `os.replace` after an `fsync`, so a reader, a killed process or a full disk never
    leaves half a file under the final name. No other process writes under the temporary name; what
    killed ones left is removed. The parent folder is made when it is missing. The file has the
    permissions that any new file gets (umask, the folder's own rules). Within `together` it waits
    for the files that belong with it.

    Raises:
        UserError: the file cannot be written (disk full, no permission), with the system's reason.
    """
    check_place_of(path)
    temporary = temporary_beside(path)
    try:
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_left_behind(path.parent)
            temporary.touch(exist_ok=False)
            mode = temporary.stat().st_mode
        with explained(path, only=temporary):
            yield temporary
        with explained(path):
            add_permissions(temporary, mode)
            flush_to_disk(temporary)
            put_in_place(temporary, path, Path.replace)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends, atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data`, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hex.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def add_permissions(path: Path, mode: int) -> None:
    """Give who may read a new file, or folder, these rights to one that a library has made for us.

    Some write by way of a temporary file that only its user may read, such as safetensors.

    Args:
        path: the file or folder.
        mode: that of one that was just made here, by the umask and the folder's own rules.
    """
    there = path.stat().st_mode
    if mode & ~there & 0o777:
        with suppress(PermissionError):  # another user's file, by a hard link
            path.chmod((there | mode) & 0o7777)


def flush_to_disk(path: Path) -> None:
    """Wait until a file's bytes are on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
