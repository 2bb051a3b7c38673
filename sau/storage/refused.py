"""One line for what the system refuses to write, or does not let be read now."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sau.core.errors import UserError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""What only writing fails with: full disk, quota, file too large, disk that is read-only."""

OF_THE_MACHINE = {
    *(errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    *(errno.ETIMEDOUT, errno.ENOTCONN, errno.ENODEV, errno.EHOSTDOWN),
}
"""What reading fails with where a disk is away or the machine at its end: no file is to blame."""


def check_file_is_to_blame(path: Path, error: BaseException) -> None:
    """Refuse to go on where a file cannot be had at the moment, but may well be whole.

    Whoever would make it again, or tell its user to, asks this before.

    Args:
        path: the file.
        error: what reading it raised; of any kind.

    Raises:
        UserError: the machine or a disk is to blame.
    """
    if isinstance(error, OSError) and error.errno in OF_THE_MACHINE:
        raise UserError(
            f"{path}: cannot be read now ({os.strerror(error.errno)}), and may well be whole; look "
            "at this machine and its disks and run again, or remove it if it stays so"
        ) from error


@contextmanager
def explained(
    path: Path, other: str = "another folder", only: Path | None = None
) -> Iterator[None]:
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
        reason = _reason(error)
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


def check_place_of(path: Path) -> None:
    """Refuse what no file or folder can be called, and what a file must not replace.

    Args:
        path: what is to be written.

    Raises:
        UserError: a path without a name, such as `.`; or a device, a pipe or a socket.
    """
    if not path.name:
        raise UserError(f"cannot write {str(path)!r}: it names no file; add the file's name")
    with explained(path, "another place"):
        # A link there may lead to a regular file, as /dev/stdout does.
        of_system = os.path.realpath(path.parent) == "/dev"
        if path.exists() and (of_system or not (path.is_file() or path.is_dir())):
            raise UserError(
                f"cannot write {path}: it is a device, a pipe or a socket; name a regular file"
            )


def _reason(error: OSError) -> str:
    """Return the system's reason; of a file where a folder is wanted, which one that is."""
    if isinstance(error, FileExistsError | NotADirectoryError) and error.filename is not None:
        above = [Path(error.filename), *Path(error.filename).parents]
        wrong = [each for each in above if os.path.lexists(each) and not each.is_dir()]
        if wrong:
            return f"{wrong[0]} is no folder"
    return error.strerror or str(error)


def _is_of_writing(error: OSError, temporary: Path) -> bool:
    # By the message, as Arrow names the file there alone; a full disk is told without a name, or
    # with that of a file that is copied.
    return error.errno in NO_ROOM or temporary.name in str(error)
