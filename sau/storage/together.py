"""Files and folders that belong together: all of them appear, or none."""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from sau.storage.refused import explained
from sau.storage.temporary import remove, temporary_beside

_waiting: ContextVar[dict[Path, Path | None] | None] = ContextVar("waiting", default=None)
"""The outputs that wait for each other, each with its temporary path once that is whole."""

_checks: ContextVar[Mapping[Path, Callable[[], None]] | None] = ContextVar("checks", default=None)
"""What is called before an output is put in place."""


@contextmanager
def together(*paths: Path) -> Iterator[None]:
    """Let files and folders that the block writes appear at its end, all of them or none.

    What `atomic_path` and `new_folder` write to one of the paths keeps a temporary name until the
    block ends well. Then what stood there before is moved aside, and the new is moved into place: a
    kill in between leaves paths that are not there, never an old file beside a new one. An error
    leaves all as it was. A single path waits for no other.

    Args:
        paths: the outputs, as the block names them.

    Raises:
        UserError: one of them cannot be put in place, or its check says no (see `checked`).
    """
    if len(paths) < 2:
        yield
        return
    waiting: dict[Path, Path | None] = dict.fromkeys(paths)
    token = _waiting.set(waiting)
    try:
        try:
            yield
        finally:
            _waiting.reset(token)
        _place_all({path: new for path, new in waiting.items() if new is not None})
    finally:
        for new in waiting.values():
            if new is not None:
                remove(new)


@contextmanager
def checked(paths: Mapping[Path, Callable[[], None]]) -> Iterator[None]:
    """Call a function before an output is put in place within the block, such as a lock's check."""
    token = _checks.set({**(_checks.get() or {}), **paths})
    try:
        yield
    finally:
        _checks.reset(token)


def put_in_place(temporary: Path, path: Path, move: Callable[[Path, Path], object]) -> None:
    """Move what is whole to its name, or let it wait for what belongs with it.

    Args:
        temporary: beside `path`; it is there no more when this returns.
        path: where it goes.
        move: how, if it waits for nothing.

    Raises:
        OSError: the system refuses it.
        UserError: the check of the path says no.
    """
    waiting = _waiting.get()
    if waiting is None or path not in waiting:
        _check(path)
        move(temporary, path)
        return
    if path.is_dir() and not temporary.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    new, former = temporary_beside(path), waiting[path]
    temporary.rename(new)
    waiting[path] = new
    if former is not None:
        remove(former)


def _place_all(new: Mapping[Path, Path]) -> None:
    """Put all in place, or leave all as it was."""
    for path in new:
        _check(path)
    aside: dict[Path, Path] = {}
    placed: list[Path] = []
    try:
        for path in new:
            with explained(path):
                if os.path.lexists(path):
                    old = temporary_beside(path, "old")
                    path.rename(old)
                    aside[path] = old
        for path, temporary in new.items():
            with explained(path):
                temporary.rename(path)
                placed.append(path)
    except BaseException:
        for path in placed:
            path.rename(new[path])
        for path, old in aside.items():
            old.rename(path)
        raise
    for old in aside.values():
        remove(old)


def _check(path: Path) -> None:
    check = (_checks.get() or {}).get(path)
    if check is not None:
        check()
