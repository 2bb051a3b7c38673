"""One lock: a file that is there as long as its holder, also on disks that machines share."""

import errno
import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sau.core.errors import UserError
from sau.storage.holder import Holder
from sau.storage.refused import explained
from sau.storage.temporary import remove_left_behind, temporary_beside

STALE_AFTER = 120.0
"""Seconds without a sign of life after which a holder on another machine counts as gone."""

_LOOK_AGAIN = 0.5
"""Seconds between two looks at a lock whose holder may be gone."""

_LONGEST = 1 << 16
"""Characters of a lock's file that are read."""

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL, errno.EACCES)
"""What a disk says that has no hard links, or gives this user none."""


log = logging.getLogger(__name__)


class LockedError(UserError):
    """Another process holds a lock."""


class _Found(NamedTuple):
    """What a lock's file says: its holder, None if it is damaged, and its last sign of life."""

    holder: Holder | None
    sign: float

    def name(self) -> str:
        return self.holder.describe() if self.holder else "a process that its file does not name"


class LockFile:
    """A lock that one process at a time can take.

    The file appears with its content, by a hard link: the one way that also holds on network disks,
    where `flock` may bind one machine alone. Where there are no links it is made empty, which only
    one process can, and then written.

    A lock whose holder is gone is taken over, with a line in the log: one of this machine at once,
    one of another machine after `stale_after`. Who takes it over holds a lock of the old token's
    name meanwhile, or two would do it.

    Args:
        file: the lock's own file.
        subject: what it stands for, for messages.
        stale_after: seconds without a sign of life of a holder on another machine.
    """

    def __init__(self, file: Path, subject: Path, stale_after: float = STALE_AFTER) -> None:
        self.file = file
        self.subject = subject
        self._stale_after = stale_after
        self._us = Holder.current()

    def take(self) -> None:
        """Take the lock.

        Where its holder is on another machine and may be gone, this waits until that one gives a
        sign of life, or has been silent for long enough.

        Raises:
            LockedError: another process holds it, which the message names.
            UserError: no file can be written.
        """
        with explained(self.subject):
            remove_left_behind(self.file.parent)
            own = temporary_beside(self.file)
            try:
                own.write_text(self._us.to_json(), encoding="utf-8")
                self._take(own)
            finally:
                with suppress(OSError):
                    own.unlink(missing_ok=True)

    def give_back(self) -> None:
        """Remove the lock's file, if it is still ours."""
        if self._us.process.pid != os.getpid():
            return  # a child, which has a copy of this object
        with suppress(OSError, UserError):
            if self._is_ours():
                self.file.unlink()

    def give_sign_of_life(self) -> None:
        """Set the time of change of the lock's file, if it is still ours."""
        with suppress(OSError, UserError):  # such as a network disk that is away for a while
            if self._is_ours():
                os.utime(self.file)

    def check(self) -> None:
        """Make sure that the lock is still ours, before what it stands for is written.

        Where somebody has removed the file, it is made again.

        Raises:
            UserError: another process has taken it over.
        """
        if self._is_ours():
            return
        try:
            self.take()
        except UserError as error:
            raise UserError(
                f"{error}; this process had it before, stood still for too long, and wrote nothing"
            ) from error

    def held_by(self) -> Holder | None:
        """Return who holds the lock; None if nobody does, or its file does not say who.

        Raises:
            UserError: the file cannot be read.
        """
        found = self._look()
        return found.holder if found else None

    def _is_ours(self) -> bool:
        return self.held_by() == self._us

    def _take(self, own: Path) -> None:
        first: _Found | None = None
        began = time.monotonic()
        while not _place(own, self.file):
            found = self._look()
            if found is None:  # it has just been given back
                continue
            gone = self._is_gone(found, own)
            if gone is None and first in (None, found):
                if first is None:
                    log.info("%s: waiting for a sign of life of %s", self.subject, found.name())
                first = found
                if time.monotonic() - began < self._stale_after:
                    time.sleep(_LOOK_AGAIN)
                    continue
                gone = True
            if not gone:
                raise LockedError(
                    f"{self.subject}: being written by {found.name()}; wait until it is done, or "
                    f"delete {self.file} if that process is gone"
                )
            if self._take_over(own, found):
                return

    def _is_gone(self, found: _Found, own: Path) -> bool | None:
        """Return whether the holder is gone; None if it is on another machine and may not be."""
        gone = found.holder.process.is_gone() if found.holder else None
        if gone is not None:
            return gone
        os.utime(own)  # so that on a shared disk one clock has set both times
        return True if own.stat().st_mtime - found.sign > self._stale_after else None

    def _take_over(self, own: Path, found: _Found) -> bool:
        """Replace the lock of a holder that is gone; return whether it was this process."""
        token = found.holder.token if found.holder else "damaged"
        claim = LockFile(self.file.with_name(f"{self.file.name}.{token}"), self.subject)
        try:
            claim.take()
        except UserError:  # another process is taking it over
            time.sleep(_LOOK_AGAIN / 10)
            return False
        try:
            if self._look() != found:
                return False
            log.warning("%s: taken over from %s, which is gone", self.subject, found.name())
            own.replace(self.file)
            return True
        finally:
            claim.give_back()

    def _look(self) -> _Found | None:
        """Read the file; None if it is not there."""
        try:
            # Opened anew each time: only then does a network disk ask its server.
            with open(self.file, encoding="utf-8", errors="replace", opener=_opened) as file:
                return _Found(
                    Holder.from_json(file.read(_LONGEST)), os.fstat(file.fileno()).st_mtime
                )
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UserError(
                f"{self.file}: cannot be read ({error.strerror or error}), and says who writes "
                f"{self.subject}; delete it if no process does"
            ) from error


def _opened(path: str, flags: int) -> int:
    """Open what may be no lock: a link to nothing, which is there, or a pipe, which would wait."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _place(own: Path, file: Path) -> bool:
    """Give a file with a holder's name the lock's name; return False if there is a lock."""
    try:
        os.link(own, file)
    except FileExistsError:
        # A network disk may have done it, lost its answer and been asked again.
        return own.stat().st_nlink > 1
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _write_new(own, file)
    return True


def _write_new(own: Path, file: Path) -> bool:
    """Do the same without links: between the two steps the file does not say whose it is."""
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(own.read_text(encoding="utf-8"))
    except FileExistsError:
        return False
    return True
