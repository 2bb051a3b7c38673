"""Byte strings on disk, to be read in any order."""

import os
import tempfile
from array import array
from collections.abc import Iterable
from pathlib import Path

from sau.core.errors import UserError


class ByteFile:
    """Byte strings one after the other in a file without a name.

    The operating system removes it when nothing refers to this object any more, or when the process
    ends in whatever way. Only where each string ends is held in memory.

    Args:
        parts: the strings, taken one by one.
        folder: where the file is, on a disk with room for all of them; made if it is missing.

    Raises:
        UserError: the file cannot be written.
    """

    def __init__(self, parts: Iterable[bytes], folder: Path) -> None:
        self._folder = folder
        self._ends = array("q", [0])
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        except OSError as error:
            raise self._unwritable(error) from error
        for part in parts:
            self._append(part)
        try:
            self._file.flush()
        except OSError as error:
            raise self._unwritable(error) from error

    def __len__(self) -> int:
        return len(self._ends) - 1

    def read(self, place: int) -> bytes:
        """Return the string at `place`, from 0; several threads may read at once."""
        start, end = self._ends[place], self._ends[place + 1]
        # Unlike a memory map's pages, this is waited for without Python's lock.
        return os.pread(self._file.fileno(), end - start, start)

    def _append(self, part: bytes) -> None:
        try:
            self._file.write(part)
        except OSError as error:
            raise self._unwritable(error) from error
        self._ends.append(self._ends[-1] + len(part))

    def _unwritable(self, error: OSError) -> UserError:
        return UserError(
            f"cannot write the encoded images to a file in {self._folder}: "
            f"{error.strerror or error}; make room there, or set decode to ahead"
        )
