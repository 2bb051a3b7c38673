"""Files that are either whole or not there."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sau.core.errors import UserError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""What only writing fails with: full disk, quota, file too large, disk that is read-only."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it into place when the block ends well.

    The move is `os.replace` after an `fsync`, so a reader, a killed process or a full disk never
    leaves half a file under the final name. The parent folder is made when it is missing.

    Raises:
        UserError: the file cannot be written (disk full, no permission), with the system's reason.
    """
    # One name for each file, so that what a killed process left behind is overwritten, not kept.
    temporary = path.with_name(f".{path.name}.part")
    other = "another results folder"
    try:
        with explained(path, other):
            path.parent.mkdir(parents=True, exist_ok=True)
        with explained(path, other, only=temporary):
            yield temporary
        with explained(path, other):
            flush_to_disk(temporary)
            temporary.chmod(0o644)
            temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def explained(path: Path, other: str, only: Path | None = None) -> Iterator[None]:
    """Say in one line why `path` cannot be written, where the system refuses it in the block.

    Args:
        path: what is to be written in the end.
        other: what to choose instead of its place.
        only: the temporary path that a caller's block writes; errors of other files, such as one
            that the block reads, are not of writing and pass. None: every error is of writing.

    Raises:
        UserError: with the system's reason.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if only is not None and not _is_of_writing(error, only):
            if error.errno is None or error.filename is not None:
                raise
            # Of a file that is open already the system does not say which it was.
            raise UserError(
                f"{path}: {reason} before it was whole; nothing was left behind, look at the disks "
                "that are read and written here, and run again"
            ) from error
        raise UserError(
            f"cannot write {path}: {reason}; nothing was left behind, "
            f"make room or choose {other} and run again"
        ) from error


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


def flush_to_disk(path: Path) -> None:
    """Wait until a file's bytes are on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _is_of_writing(error: OSError, temporary: Path) -> bool:
    # By the message, as Arrow names the file there alone; a full disk is told without a name, or
    # with that of a file that is copied.
    return error.errno in NO_ROOM or temporary.name in str(error)
