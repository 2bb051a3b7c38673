"""Wrecks: files and folders that are not as they were written, put aside."""

from pathlib import Path

from sau.core.errors import UserError


def put_aside(path: Path) -> Path:
    """Rename what is not as it was written, so that it can be made again; return where it went.

    It stays beside its place, with `.damaged` at the end of its name, and a number if there is one
    already; whoever has no use for it may remove it. Another process may have done so before.

    Args:
        path: a file or a folder.

    Raises:
        UserError: it cannot be renamed.
    """
    aside = _free_name(path)
    try:
        path.rename(aside)
    except FileNotFoundError:
        return aside
    except OSError as error:
        raise UserError(
            f"{path}: damaged, and cannot be put aside ({error.strerror}); remove it"
        ) from error
    return aside


def _free_name(path: Path) -> Path:
    number = 0
    while True:
        aside = path.with_name(f"{path.name}.damaged{f'-{number}' if number else ''}")
        if not (aside.exists() or aside.is_symlink()):
            return aside
        number += 1
