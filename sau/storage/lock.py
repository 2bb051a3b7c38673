"""What one process at a time may write: who comes second is told who is there, and ends."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sau.core.errors import UserError
from sau.storage.lock_file import STALE_AFTER, LockFile
from sau.storage.refused import check_place_of, explained
from sau.storage.temporary import short

BEAT = 10.0
"""Seconds between two signs of life of a process that holds locks."""


_TRIES = 3


@contextmanager
def locked(
    *paths: Path, beat: float = BEAT, stale_after: float = STALE_AFTER
) -> Iterator[Callable[[], None]]:
    """Let no other process write files or folders within the block.

    The lock of a path is a file beside it, `.NAME.lock`, which says who holds it: process, host,
    user, command and since when. It holds between machines that share a disk. Within the block a
    thread gives signs of life. A process that is killed leaves its locks; the next one takes them
    over (see `LockFile`).

    Args:
        paths: what is to be written; missing folders above are made, and removed again at the end
            if they are empty.
        beat: seconds between two signs of life.
        stale_after: seconds without one after which a holder on another machine counts as gone.

    Yields a function to call before what was made is put in place: it raises a UserError if
        another process has taken a lock over, because this one gave no sign of life.

    Raises:
        UserError: another process holds one of them, or one path is named twice, or no file can be
            written there.
    """
    for path in paths:
        check_place_of(path)
    _refuse_twice(paths)
    locks = [LockFile(lock_of(path), path, stale_after) for path in paths]
    with holding(locks, beat=beat):
        yield lambda: _check(locks)


@contextmanager
def holding(locks: Sequence[LockFile], *, beat: float = BEAT) -> Iterator[None]:
    """Hold locks, and give signs of life, as long as the block lasts.

    Args:
        locks: that are taken in this order.
        beat: seconds between two signs of life.

    Raises:
        UserError: another process holds one of them, or no file can be written there.
    """
    with ExitStack() as held:
        for lock in locks:
            held.callback(_remove_empty, _missing_above(lock))
            _take(lock)
            held.callback(lock.give_back)
        held.enter_context(_signs_of_life(locks, beat))
        yield


def lock_of(path: Path) -> Path:
    """Return the file of a path's lock."""
    return path.with_name(f".{short(path.name)}.lock")


@contextmanager
def _signs_of_life(locks: Sequence[LockFile], beat: float) -> Iterator[None]:
    ended = threading.Event()

    def go_on() -> None:
        while not ended.wait(beat):
            for lock in locks:
                lock.give_sign_of_life()

    thread = threading.Thread(target=go_on, name="signs of life", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _take(lock: LockFile) -> None:
    """Take a lock in a folder that another process may remove at the same time, as it is empty."""
    for tries_left in reversed(range(_TRIES)):
        with explained(lock.subject):
            lock.file.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.take()
            break
        except UserError as error:
            if not (tries_left and isinstance(error.__cause__, FileNotFoundError)):
                raise


def _check(locks: Sequence[LockFile]) -> None:
    for lock in locks:
        lock.check()


def _refuse_twice(paths: Sequence[Path]) -> None:
    # Unlike Path.resolve, this does not raise where links lead in a circle.
    places = [os.path.join(os.path.realpath(path.parent), path.name) for path in paths]  # noqa: PTH118
    for number, place in enumerate(places):
        if place in places[:number]:
            raise UserError(f"{paths[number]}: named for two outputs; give each a name of its own")


def _missing_above(lock: LockFile) -> list[Path]:
    """Return the folders that have to be made for a lock, the deepest first."""
    with explained(lock.subject):
        return [folder for folder in lock.file.parents if not folder.exists()]


def _remove_empty(folders: Sequence[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # it holds something, or is gone
            folder.rmdir()
