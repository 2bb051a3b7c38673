"""Folders that are either whole or not there, and where downloads are kept."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sau.core.errors import UserError
from sau.storage.files import add_permissions, flush_to_disk
from sau.storage.refused import explained
from sau.storage.temporary import remove_left_behind, temporary_beside
from sau.storage.together import put_in_place


@contextmanager
def new_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield an empty temporary folder beside `path`; move it into place when the block ends well.

    What a killed process left behind is removed by the next one; anything else leaves nothing. An
    old folder is moved aside for the new one and then removed: whoever looks finds the one or the
    other as a whole, or for an instant neither.

    Args:
        path: where the folder goes; an empty one is as good as none.
        replace: whether a folder with something in it is replaced.

    Raises:
        UserError: there is something at `path` that is not replaced, or it cannot be written.
    """
    temporary = temporary_beside(path)
    check_place(path, replace=replace)
    try:
        with explained(path):
            remove_left_behind(path.parent)
            temporary.mkdir(parents=True)
        with explained(path, only=temporary):
            yield temporary
        with explained(path):
            _finish(temporary)
            put_in_place(temporary, path, partial(_move, replace=replace))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_place(path: Path, *, replace: bool = False) -> None:
    """Refuse a place at which `new_folder` will not put a folder; for asking before long work.

    Args:
        path: where a folder is to go.
        replace: whether a folder with something in it will be replaced.

    Raises:
        UserError: there is something at `path` that stays, or no folder can be written there.
    """
    with explained(path):
        if path.is_symlink():
            raise UserError(f"{path}: is a link; name the folder that it leads to, or another one")
        _check_writable(path)
        if path.is_dir() and (replace or not any(path.iterdir())):
            return
        if path.exists():
            raise UserError(f"{path}: is there already; remove it or choose another folder")


def _check_writable(path: Path) -> None:
    """Raise what the system would, if `path` were written, as far as it can be told beforehand."""
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(above))
    if not os.access(above, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(above))


def cache_folder(name: str) -> Path:
    """Return where downloads called `name` are kept; it may not exist yet.

    It is `sau/<name>` in `$XDG_CACHE_HOME`, as Hugging Face's cache is, or else in `~/.cache`.
    """
    cache = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification has relative paths ignored.
    root = Path(cache) if Path(cache).is_absolute() else Path.home() / ".cache"
    return root / "sau" / name


def _finish(folder: Path) -> None:
    """Wait until all files are on the disk, each open to those who may read a new one."""
    probe = temporary_beside(folder / "mode")
    probe.touch()
    file_mode, folder_mode = probe.stat().st_mode, folder.stat().st_mode
    probe.unlink()
    for path in folder.rglob("*"):
        if path.is_symlink():
            continue  # what it leads to is not ours
        if path.is_dir():
            add_permissions(path, folder_mode)
        elif path.is_file():
            add_permissions(path, file_mode)
            flush_to_disk(path)


def _move(new: Path, path: Path, *, replace: bool) -> None:
    """Move a folder to `path`; a replaced one goes aside, and back if the move fails."""
    aside = temporary_beside(path, "old")
    # Else the system itself refuses a folder that has come meanwhile, unless it is empty.
    if replace and path.exists():
        path.rename(aside)
    try:
        new.rename(path)
    except OSError:
        if aside.exists():
            aside.rename(path)
        raise
    shutil.rmtree(aside, ignore_errors=True)
