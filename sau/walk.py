"""Everything in a folder, at any depth, behind links too."""

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
        found = sorted(folder.iterdir())
    except OSError as error:
        unreadable(error)
        return
    for path in found:
        if not path.is_dir():
            yield path
        elif (real := path.resolve()) not in above:
            yield from _below(path, above | {real}, unreadable)
