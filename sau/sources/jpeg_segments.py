"""What of a JPEG its pixels depend on, without what is written before them."""

START = b"\xff\xd8"

_SCAN = 0xDA
_COMMENT = 0xFE
_APPLICATION = range(0xE0, 0xF0)
_EXIF, _ADOBE = 0xE1, 0xEE
_ADOBE_BYTES = 12
"""Of Adobe's segment, which says how colours are stored; a shorter one says nothing."""


def pixels_alone(data: bytes) -> bytes:
    """Return a JPEG without comments and what programs note, such as profiles and other previews.

    EXIF and XMP stay, as they may hold the orientation, and so does Adobe's note on colours.

    Args:
        data: an encoded image of any format; all but JPEG come back as they are, and so does one
            whose segments end before its pixels begin.
    """
    if not data.startswith(START):
        return data
    parts, place = [START], len(START)
    while place + 4 <= len(data) and data[place] == 0xFF:
        kind = data[place + 1]
        if kind == 0xFF:  # any number of them may stand before a segment
            place += 1
            continue
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4])
        if kind == _SCAN:
            return b"".join([*parts, data[place:]])
        if not _is_superfluous(kind, data[place + 4 : end]):
            parts.append(data[place:end])
        place = end
    return data


def _is_superfluous(kind: int, content: bytes) -> bool:
    if kind == _ADOBE:
        return not content.startswith(b"Adobe") or len(content) < _ADOBE_BYTES
    return kind == _COMMENT or (kind in _APPLICATION and kind != _EXIF)
