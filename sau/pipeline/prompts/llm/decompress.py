"""Decompresses a response as it comes in, to a limit: a small one may stand for gigabytes."""

import zlib

from sau.pipeline.prompts.llm.failures import BrokenAnswerError

_GZIP, _ZLIB, _BARE = 31, 15, -15
"""What zlib calls the three formats."""
_FORMATS = {"": (), "identity": (), "gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _BARE)}
_MEGA = 2**20


class Decompressor:
    """Takes the parts of a body, and gives the whole.

    Args:
        encoding: the response's `Content-Encoding`.
        largest: bytes of the whole, decompressed.

    Raises:
        BrokenAnswerError: another encoding than gzip or deflate, which nobody asked for.
    """

    def __init__(self, encoding: str, largest: int) -> None:
        name = encoding.strip().lower()
        if name not in _FORMATS:
            raise BrokenAnswerError(f"compressed by {encoding!r}, which nobody asked for", odd=True)
        self._formats = _FORMATS[name]
        self._decoder = zlib.decompressobj(self._formats[0]) if self._formats else None
        self._largest = largest
        self._whole = bytearray()

    def add(self, part: bytes) -> None:
        """Take the next part.

        Raises:
            BrokenAnswerError: the whole is larger than it may be, or no compressed data.
        """
        room = self._largest - len(self._whole) + 1
        self._whole += part[:room] if self._decoder is None else self._decoded(part, room)
        if len(self._whole) > self._largest:
            limit = f"{self._largest // _MEGA} MiB" if self._largest >= _MEGA else "its limit"
            raise BrokenAnswerError(f"larger than {limit}", odd=True)

    def finish(self) -> bytes:
        """Return the whole.

        Raises:
            BrokenAnswerError: it was cut off.
        """
        if self._decoder is not None and self._whole and not self._decoder.eof:
            raise BrokenAnswerError("compressed, and cut off")
        return bytes(self._whole)

    def _decoded(self, part: bytes, room: int) -> bytes:
        assert self._decoder is not None
        try:
            return self._decoder.decompress(part, room)
        except zlib.error as error:
            if self._whole or len(self._formats) == 1:
                raise BrokenAnswerError(f"compressed data is damaged ({error})") from error
        # What servers call deflate is mostly zlib's format, as it should be, and sometimes bare.
        self._formats = self._formats[1:]
        self._decoder = zlib.decompressobj(self._formats[0])
        return self._decoded(part, room)
