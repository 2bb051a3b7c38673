"""Undoes the escapes of JSON, addresses, HTML, e-mail and code, and says what stood where."""

import html
import re
from collections.abc import Sequence

# Each way begins with a character of its own, so that others are passed over quickly, and with the
# first of a run of backslashes, so that a long run is looked at once.
_ESCAPE = re.compile(
    r"""
    \\ (?<! \\\\ ) \\*+
    (?:
        u (?P<unicode> [0-9a-f]{4} )
        | u \{ (?= [0-9a-f] ) 0*+ (?P<braced> [0-9a-f]{0,6} ) \}
        | U (?P<long> [0-9a-f]{8} )
        | x (?P<hex> [0-9a-f]{2} )
        | (?P<octal> [0-3][0-7]{2} )
        | (?P<plain> [^\\] )
    )
    | % (?:25)* (?P<percent> [0-9a-f]{2} )
    | =\r?\n
    | = (?P<quoted> [0-9a-f]{2} )
    | & (?P<entity> (?: \#\d{1,7} | \#x[0-9a-f]{1,6} | [a-z]{2,24}\d* ) ; )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)

Span = tuple[int, int]


def undone(text: str) -> str:
    """Return a text with one layer of escapes undone."""
    return _ESCAPE.sub(_meant, text)


def source_of(spans: Sequence[Span], layers: Sequence[str]) -> list[Span]:
    """Return where stretches of a text stand in what it was before its escapes were undone.

    Args:
        spans: first character, and the one after the last, of stretches of the last layer.
        layers: the text from outside, and the results of `undone` of each, one after another.

    Returns:
        Stretches of the first layer. Backslashes before them belong to them, so that what is left
        when they are taken out is escaped as it was.
    """
    found = list(spans)
    for text in reversed(layers[:-1]):
        starts = _starts(text)
        found = [(starts[start], starts[end]) for start, end in found]
    return [(_before_backslashes(layers[0], start), end) for start, end in found]


def _before_backslashes(text: str, place: int) -> int:
    while place and text[place - 1] == "\\":
        place -= 1
    return place


def _starts(text: str) -> list[int]:
    """Return where in a text each character of `undone(text)` begins, and at last its end."""
    starts: list[int] = []
    end = 0
    for match in _ESCAPE.finditer(text):
        starts += range(end, match.start())
        starts += [match.start()] * len(_meant(match))
        end = match.end()
    return [*starts, *range(end, len(text) + 1)]


def _meant(escape: re.Match[str]) -> str:
    """Return what an escape stands for; itself where it stands for nothing."""
    kind = escape.lastgroup
    if kind is None:
        return ""  # a line that quoted-printable breaks
    found = escape[kind]
    if kind == "plain":
        return found
    if kind == "entity":
        return html.unescape(f"&{found}")
    number = int(found or "0", 8 if kind == "octal" else 16)
    return chr(number) if number < 0x110000 else escape[0]
