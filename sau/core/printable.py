"""Text from outside, made fit for a terminal and for a log."""

import logging
import unicodedata

LONGEST_LINE = 300
"""Characters of a text from outside that a message repeats."""

_ACTS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's categories of what acts rather than shows: controls, marks of direction, half pairs,
line ends."""
_JOINERS = "\u200c\u200d"
"""Persian, Indic scripts and emoji need them, and they do nothing but join what is beside them."""


def printable(text: str) -> str:
    r"""Return a text in which what a terminal would act upon stands as an escape, such as `\x1b`.

    Args:
        text: any, such as a file's name, a class name or the words of a server. Line ends are
            escaped too (`\n`), so that the text stays in the line that it is put into.

    Returns:
        The text; letters, signs and spaces of every script as they were. UTF-8 can hold it.
    """
    if text.isprintable():
        return text
    return "".join(_escaped(c) if _acts(c) else c for c in text)


def one_line(text: str, longest: int = LONGEST_LINE) -> str:
    """Return a text as `printable` has it, in one line and cut.

    Args:
        text: any; each run of white space becomes one space.
        longest: characters, at least 1; of a longer text the rest is left out, and "..." says so.
    """
    # White space and escapes only change the length by a factor: no need to read a gigabyte.
    line = printable(" ".join(text[: 8 * longest].split()))
    return line if len(line) <= longest else f"{line[:longest]}..."


class PrintableFormatter(logging.Formatter):
    """Formats a log's lines, in which nothing acts on a terminal and nothing passes for a line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line; further lines of a message are set in."""
        return "\n  ".join(map(printable, super().formatMessage(record).split("\n")))


def _acts(character: str) -> bool:
    return unicodedata.category(character) in _ACTS and character not in _JOINERS


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
