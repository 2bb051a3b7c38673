"""Lines around an answer's prompts: titles above them, talk before and after them."""

import dataclasses
import re
from collections import Counter

from sau.pipeline.prompts.reading.lines import HALF_END, Line
from sau.pipeline.prompts.reading.marks import is_label
from sau.pipeline.prompts.reading.refusals import is_refusal

_ENOUGH_WORDS = 4
_TITLE_WORDS = 8
_ALIKE = 2
_MANY, _MOST = 3, 0.7
_OWN_LABEL = re.compile(r"[^:.,]{1,40}:\s+(?=\S+(?:\s+\S+){3})")


def without_headings(lines: list[Line]) -> list[Line]:
    """Return the lines without short ones above others, such as `Prompt 1` or `In the forest:`."""
    lines = [line for line in lines if not is_label(line.text)]
    others = [line for line in lines if not line.text.endswith((":", "\uff1a"))]
    titles = [i for i, line in enumerate(others) if _is_title(line)]
    if titles and all(i + 1 < len(others) and _is_long(others[i + 1]) for i in titles):
        return [line for line in others if not _is_title(line)]
    return others or lines


def without_surroundings(lines: list[Line]) -> list[Line]:
    """Return the prompts among the lines of an answer.

    Where most are marked these are those from the first to the last marked one. Else an answer
    that begins with a refusal is that refusal, and a later one is talk.
    """
    long = [i for i, line in enumerate(lines) if len(line.text.split()) >= _ENOUGH_WORDS]
    marked = [i for i in long if lines[i].marked]
    if marked and 2 * len(marked) >= len(long):
        lines = lines[marked[0] : marked[-1] + 1]
    lines = _between_alike(lines)
    if lines and is_refusal(lines[0].text):
        return lines[:1]
    return [line for line in lines if not is_refusal(line.text)]


def without_common_label(lines: list[Line]) -> list[Line]:
    """Return the lines without a label before a colon, as `Cat 1: `, if all have one."""
    labelled = [_OWN_LABEL.match(line.text) for line in lines]
    if len(lines) < 2 or not all(labelled):
        return lines
    return [
        dataclasses.replace(line, text=line.text[match.end() :], marked=True)
        for line, match in zip(lines, labelled, strict=True)
        if match is not None
    ]


def _between_alike(lines: list[Line]) -> list[Line]:
    """Return the lines from the first to the last of those that begin alike, if most do.

    Prompts of one answer mostly have one form; a sentence before or after them that has another
    is about them.
    """
    begins = [" ".join(line.text.lower().split()[:_ALIKE]) for line in lines]
    (common, count), *_ = Counter(begins).most_common(1) or [("", 0)]
    if count < _MANY or count < _MOST * len(lines):
        return lines
    first, last = begins.index(common), len(begins) - begins[::-1].index(common)
    return lines[first:last]


def _is_title(line: Line) -> bool:
    return not _is_long(line) and HALF_END.search(line.text) is None


def _is_long(line: Line) -> bool:
    return len(line.text.split()) >= _TITLE_WORDS
