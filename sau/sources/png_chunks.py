"""What of a PNG its pixels depend on, without what is written beside them."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_TEXT = (b"tEXt", b"zTXt", b"iTXt")
_XMP = b"XML:com.adobe.xmp"
"""Keyword of the one text that counts: it may hold the orientation."""

_PROFILE = b"iCCP"
"""Colour profiles are not applied, and one that is too large or damaged stops readers."""

_END = b"IEND"


def pixels_alone(data: bytes) -> bytes:
    """Return a PNG without texts and damaged extras, ended as it should be.

    A text of any length, a checksum of it that is wrong, or a missing end mark say nothing about
    the pixels, but readers refuse them. Chunks that pixels depend on are left as they are, so that
    damage to one of them is still found.

    Args:
        data: an encoded image of any format; all but PNG come back as they are, and so does a file
            that is cut within a chunk.
    """
    if not data.startswith(SIGNATURE):
        return data
    parts, place = [SIGNATURE], len(SIGNATURE)
    while place < len(data):
        if place + 12 > len(data):
            return data
        (length,) = struct.unpack_from(">I", data, place)
        name, end = data[place + 4 : place + 8], place + 12 + length
        if end > len(data):
            return data
        if not _is_superfluous(name, data[place + 8 : end - 4], data[end - 4 : end]):
            parts.append(data[place:end])
        place = end
        if name == _END:
            return b"".join(parts)
    parts.append(struct.pack(">I", 0) + _END + struct.pack(">I", zlib.crc32(_END)))
    return b"".join(parts)


def _is_superfluous(name: bytes, content: bytes, checksum: bytes) -> bool:
    if name == _PROFILE or (name in _TEXT and not content.startswith(_XMP)):
        return True
    is_extra = bool(name[0] & 32)  # a small first letter: readers may leave it out
    return is_extra and name != b"tRNS" and zlib.crc32(name + content) != int.from_bytes(checksum)
