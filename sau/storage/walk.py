"""Everything in a folder, at any depth, behind links too."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

Unreadable = Callable[[OSError], None]

MAX_LINKED = 30_000
"""Folders behind links in one walk: ten links to a folder of ten links, and so on, end nowhere."""


class _Level(NamedTuple):
    """A folder that is looked into: its path, where it really is, and what is left of it."""

    path: Path
    real: Path
    entries: Iterator[os.DirEntry[str]]
    behind_link: bool


class Closed:
    """Folders that belong to others: no link leads to one, into one, or to what is around one.

    Args:
        folders: real paths.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = set(folders)
        self._around = {place for folder in self._folders for place in folder.parents}

    def holds(self, real: Path, start: Path, is_link: bool) -> bool:
        """Return whether a real path is closed to a walk that started in one of the folders."""
        within = (real, *real.parents) if is_link else (real,)
        return real in self._around or any(
            place in self._folders and place != start for place in within
        )


def below(
    folder: Path,
    unreadable: Unreadable,
    closed: Closed | None = None,
    *,
    most_linked: int = MAX_LINKED,
) -> Iterator[Path]:
    """Yield what is below a folder and is no folder, in the order of the names' parts.

    Links to folders are followed, but for those back to a folder that they stand in.

    Args:
        folder: where to look; its own name may be a link.
        unreadable: is called with the error where a folder does not exist or may not be read, or
            where links lead to more than `most_linked` folders, and raises it again or leaves that
            folder, or all further ones, out.
        closed: folders that no link leads into.
    """
    start = folder.resolve()
    above = {start, *start.parents}
    linked = 0
    # A list of what is left to do, and no recursion: folders may be nested a thousand deep.
    waiting = [_Level(folder, start, _entries(folder, unreadable), behind_link=False)]
    while waiting:
        level = waiting[-1]
        entry = next(level.entries, None)
        if entry is None:
            waiting.pop()
            if waiting:
                above.discard(level.real)
            continue
        path, is_link = level.path / entry.name, entry.is_symlink()
        if not _is_folder(entry):
            yield path
            continue
        real = path.resolve() if is_link else level.real / entry.name
        if real in above or (closed and closed.holds(real, start, is_link)):
            continue
        behind_link = is_link or level.behind_link
        linked += behind_link
        if linked > most_linked:
            unreadable(OSError(errno.ELOOP, f"links lead to over {most_linked:,} folders", folder))
            return
        above.add(real)
        waiting.append(_Level(path, real, _entries(path, unreadable), behind_link))


def _entries(folder: Path, unreadable: Unreadable) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:  # it knows the kind of most without asking the disk
            return iter(sorted(entries, key=lambda entry: entry.name))
    except OSError as error:
        unreadable(error)
        return iter(())


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder or leads to one; one that may not be asked is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False
