"""Everything in a folder, at any depth, behind links too."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path


def below(folder: Path, unreadable: Callable[[OSError], None]) -> Iterator[Path]:
    """Yield what is below a folder and is no folder, in the order of the names' parts.

    Links to folders are followed, but for those back to a folder that they stand in.

    Args:
        folder: where to look; its own name may be a link.
        unreadable: is called with the error where a folder does not exist or may not be read, and
            raises it again or leaves that folder out.
    """
    yield from _below(folder, frozenset({folder.resolve()}), unreadable)


def _below(
    folder: Path, above: frozenset[Path], unreadable: Callable[[OSError], None]
) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:  # it knows the kind of most without asking the disk
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        unreadable(error)
        return
    for entry in found:
        path = folder / entry.name
        if not (path.is_dir() if entry.is_symlink() else entry.is_dir()):
            yield path
        elif (real := path.resolve()) not in above:
            yield from _below(path, above | {real}, unreadable)
