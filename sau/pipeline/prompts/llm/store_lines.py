"""The lines of a file that grows: where each stands, so that none need stay in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sau.core.errors import UserError


class Place(NamedTuple):
    """Where a line stands in its file: the bytes before it, and its own with the line's end."""

    start: int
    length: int


def lines_of(path: Path) -> Iterator[tuple[Place, bytes]]:
    """Yield the lines of a file with their ends, one by one; of one that is not there, none.

    Raises:
        UserError: it cannot be read.
    """
    if not _is_there(path):
        return
    start = 0
    with _opened(path) as file:
        for line in file:
            yield Place(start, len(line)), line
            start += len(line)


def lines_at(path: Path, places: Sequence[Place]) -> Iterator[bytes]:
    """Yield the bytes at these places; fewer than were asked for where the file has become shorter.

    Raises:
        UserError: it cannot be read.
    """
    if not places:
        return
    with _opened(path) as file:
        for place in places:
            file.seek(place.start)
            yield file.read(place.length)


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unreadable(path, error) from error
    return True


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"{path}: the stored answers cannot be read ({error.strerror or error}); expected a "
        "file of JSON lines, name it or one that is still to be made"
    )
