"""What of a PNG its pixels depend on, without what is written beside them."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_XMP = b"XML:com.adobe.xmp\0"
"""Keyword of the one text that counts: it may hold the orientation."""

_NEEDED = (b"tRNS", b"eXIf")
"""Extras that pixels, or which way is up, depend on."""

_MOST_XMP = 2**20
"""Bytes of the longest text that Pillow reads."""

_END = b"IEND"


def pixels_alone(data: bytes) -> bytes:
    """Return a PNG without extras, ended as it should be.

    A text of any length, a colour profile or a resolution that is damaged, a checksum of it that
    is wrong, or a missing end mark say nothing about the pixels, but readers refuse them. Chunks
    that pixels depend on are left as they are, so that damage to one of them is still found.

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
    is_extra = bool(name[0] & 32)  # a small first letter: readers may leave it out
    if not is_extra or name == b"tRNS":
        return False
    if zlib.crc32(name + content) != int.from_bytes(checksum):
        return True
    if name == b"iTXt" and content.startswith(_XMP):
        return _is_too_long(content[len(_XMP) :])
    return name not in _NEEDED


def _is_too_long(after_keyword: bytes) -> bool:
    """Return whether what follows the keyword of an `iTXt` chunk is a text that Pillow refuses."""
    if after_keyword[:1] != b"\1":  # not compressed
        return len(after_keyword) > _MOST_XMP
    parts = after_keyword[2:].split(b"\0", 2)
    try:
        unpacking = zlib.decompressobj()
        unpacking.decompress(parts[-1], _MOST_XMP)
    except zlib.error:
        return True
    return bool(unpacking.unconsumed_tail)
