"""The sentences of a line."""

import re
from collections.abc import Iterator

_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f]+[\"'\u201d\u2019)\]*_]*(?:\s+|$)")
_QUOTED = re.compile(r"(?<=\w )[\"\u201c][^\"\u201c\u201d]*[\"\u201d]")
_ABBREVIATION = re.compile(
    r"(?:\b(?:St|Mt|Mr|Mrs|Ms|Dr|vs|etc|e\.g|i\.e|approx|No|c|ca)|\b[A-Z])\.$"
)


def sentences(text: str) -> list[str]:
    """Return the sentences of a line; together they are the line but for the space between."""
    return [sentence.strip() for sentence in _split(text) if sentence.strip()]


def without_speech(text: str) -> str:
    """Return a text without what stands in quotation marks after a word: `a cup that says "Hi"`."""
    return _QUOTED.sub("", text)


def _split(text: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(text):
        if not _ABBREVIATION.search(text[start : end.start() + 1]):
            yield text[start : end.end()]
            start = end.end()
    yield text[start:]
