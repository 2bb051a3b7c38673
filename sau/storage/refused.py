"""One line for what the system refuses to write."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sau.core.errors import UserError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""What only writing fails with: full disk, quota, file too large, disk that is read-only."""


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


def _is_of_writing(error: OSError, temporary: Path) -> bool:
    # By the message, as Arrow names the file there alone; a full disk is told without a name, or
    # with that of a file that is copied.
    return error.errno in NO_ROOM or temporary.name in str(error)
