"""Characters that no prompt may have: controls, invisible marks, halves of pairs, emojis."""

import re
import unicodedata

BROKEN = "\ufffd"
"""Stands for a character that was lost on the way."""

_ESCAPE_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[@-_]?"
)
_LINE_END = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_LETTER_SHAPE = re.compile("[\U0001d400-\U0001d7ff\uff01-\uff5e]")  # mathematical, wide
_SPACE = re.compile(r"[^\S\n]+")
_JOINER = re.compile(r"(?<![\u0590-\u1fff])[\u200c\u200d]")
_LONELY_BROKEN = re.compile(rf"(?<!\w){BROKEN}+(?!\w)")
_KEYCAP = re.compile(r"(\d)\ufe0f?\u20e3")
_EMOJI = re.compile(
    "[\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001ffff]"
    "|[\ufe00-\ufe0f\u20e3]|(?<=\\s)[:;]-?[)D](?=\\s|$)"
)
_JOINERS = ("\u200c", "\u200d")


def whole_lines(text: str) -> str:
    """Return a text whose lines end in a newline, composed (NFC), its letters of plain shape."""
    plain = _LETTER_SHAPE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return unicodedata.normalize("NFC", _LINE_END.sub("\n", plain))


def without_invisible(text: str) -> str:
    """Return a text without controls, marks of direction and other characters of no shape.

    A character that is lost, as half of a surrogate pair or a NUL byte in place of a letter is,
    becomes U+FFFD; those that touch no word are left out.
    """
    shown = "".join(map(_shown, _ESCAPE_SEQUENCE.sub("", text)))
    return _LONELY_BROKEN.sub("", _JOINER.sub("", shown))


def without_emojis(text: str) -> str:
    """Return a text without emojis; a number in a keycap becomes the mark of a list."""
    return _EMOJI.sub("", _KEYCAP.sub(r"\1. ", text))


def one_space(text: str) -> str:
    """Return a text with one space where there were several, and none around its lines."""
    lines = (_SPACE.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(lines).strip()


def without_broken(text: str) -> str:
    """Return a text that any file can hold, such as the name of a model."""
    return without_invisible(whole_lines(text)).replace("\n", " ").strip()


def _shown(character: str) -> str:
    if character.isprintable() or character in "\n\t" or character in _JOINERS:
        return character if character != "\ufffc" else ""
    kind = unicodedata.category(character)
    if kind == "Zs":
        return " "
    if kind in ("Cs", "Co", "Cn"):  # half a pair, private, no character
        return "" if "\U0001f000" <= character <= "\U0001ffff" else BROKEN
    return ""
