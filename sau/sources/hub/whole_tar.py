"""The members of a tar file, all of them: one that is cut off or damaged is refused.

`tarfile` takes a header that is damaged or cut off for the end, and says nothing.
"""

import tarfile
from collections.abc import Iterator
from typing import IO, Any

_PIECE = 2**20


class _BoundedReads:
    """A file of which no header makes `tarfile` read much at once, such as a name of 3 GiB."""

    def __init__(self, opened: IO[bytes], most: int) -> None:
        self._opened, self._most = opened, most
        self.seek, self.tell = opened.seek, opened.tell

    def read(self, size: int = -1) -> bytes:
        """Return as many bytes, or fewer at the end; raises ReadError if they are too many."""
        if not 0 <= size <= self._most:
            raise tarfile.ReadError(f"a header of more than {self._most:,} bytes")
        return self._opened.read(size)


def open_whole(opened: IO[bytes], most: int) -> tarfile.TarFile:
    """Open an uncompressed tar, of which at most `most` bytes are read at once.

    Raises:
        TarError: no tar.
    """
    bounded: Any = _BoundedReads(opened, most)
    archive: tarfile.TarFile = tarfile.open(fileobj=bounded, mode="r:")  # noqa: SIM115 - the caller closes the file
    return archive


def members_of(archive: tarfile.TarFile, opened: IO[bytes]) -> Iterator[tarfile.TarInfo]:
    """Yield the members in their order.

    Args:
        archive: as `open_whole` returns it.
        opened: the same file.

    Raises:
        TarError: a damaged header, no mark of the end, or something behind it.
    """
    before = -1
    for member in archive:
        if member.offset <= before:  # a header that leads back would be read for ever
            raise tarfile.ReadError("a header points back")
        before = member.offset
        yield member
    opened.seek(archive.offset)
    mark = opened.read(tarfile.BLOCKSIZE)
    if mark != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError(f"cut off or damaged at byte {archive.offset:,}")
    while piece := opened.read(_PIECE):
        if piece.count(0) < len(piece):
            raise tarfile.ReadError("more behind its end, such as another tar")
