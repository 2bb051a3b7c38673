"""The text of a config file, before it is read as YAML."""

import codecs
from pathlib import Path

from yaml.reader import Reader

from sau.core.errors import UserError
from sau.storage.regular import read_regular

MAX_BYTES = 2**20
"""Of a config file: names of ten thousand classes are a fifth of it."""

_OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
"""Byte order marks; those of UTF-32 first, as one of them begins like one of UTF-16."""


def config_text(path: Path) -> str:
    """Return the text of a config file in UTF-8, with a byte order mark or without.

    Raises:
        UserError: no regular file, one that is too large, another encoding, or control characters.
    """
    try:
        data = read_regular(path, MAX_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: {reason}; name a config file") from error
    text = _decoded(data, path)
    odd = Reader.NON_PRINTABLE.search(text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        raise UserError(
            f"{path}: line {line} holds the control character U+{ord(odd.group()):04X}, which YAML "
            "has not; remove it"
        )
    return text


def _decoded(data: bytes, path: Path) -> str:
    """Return the text of UTF-8; other encodings are refused, as one would have to guess them."""
    known = next((name for mark, name in _OTHER_MARKS.items() if data.startswith(mark)), None)
    if known is None and b"\0" in data[:4]:
        known = "UTF-16 or UTF-32"
    if known:
        raise UserError(f"{path}: a text in {known}; expected UTF-8, save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{path}: line {line} is no UTF-8 (byte 0x{data[error.start]:02X}), as of a text in "
            "Latin-1; expected UTF-8, save it as UTF-8"
        ) from error
