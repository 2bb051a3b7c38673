"""Files that stand for others that Git LFS has not fetched."""

from pathlib import Path

from sau.core.errors import UserError

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""How such a file begins."""


def refuse_pointer(path: Path, what: str) -> None:
    """Refuse a file that stands for one that Git LFS has not fetched.

    Args:
        path: any file.
        what: setting and file, for the message.

    Raises:
        UserError: it is such a pointer.
    """
    with path.open("rb") as file:
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise UserError(
                f"{what} is a pointer of Git LFS, not the file itself; fetch it by `git lfs pull`"
            )
