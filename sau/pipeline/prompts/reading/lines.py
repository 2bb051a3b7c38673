"""The lines of an answer, without the marks of lists and markup."""

import dataclasses
import re
from collections import Counter
from collections.abc import Callable

from sau.pipeline.prompts.reading.characters import one_space
from sau.pipeline.prompts.reading.json_texts import json_texts
from sau.pipeline.prompts.reading.marks import without_marks
from sau.pipeline.prompts.reading.markup import in_fences, without_entities, without_markup
from sau.pipeline.prompts.reading.talk import is_talk

MARKS = "list marks, labels and quotation marks"
MARKUP = "markup"

LONGEST = 8_000
"""Characters of a line that may be a prompt; a longer one is left as it is, to be refused."""

_MARK_AND_WORDS = 3
"""Words of a part that is too short for a prompt, its number counted: `2. (15 words)`."""
_ENDS = (".", "!", "?", "\u2026", '"', "'", "\u201d", "\u2019", ")")
_INLINE_NUMBER = re.compile(r"(?:^|(?<=\s))\(?(\d{1,2})[.):]\s+(?=\S)")
HALF_END = re.compile(r"[.!?:;\u2026\u3002\uff01\uff1f\"'\u201d\u2019)\]*]$")
_WRITTEN_NEWLINE = re.compile(r"(?<=[.!?\"])\s*\\{1,2}n\s*(?=\S)|\\{1,2}n(?=\s*(?:\d+[.)]|[-*])\s)")


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of an answer that may be a prompt.

    Attributes:
        text: without what marked it.
        marked: whether it was marked as one: a number, a bullet, a label, quotation marks.
        joined: whether another line was before it without an empty one between.
    """

    text: str
    marked: bool
    joined: bool


def lines_of(text: str, several: bool, cut: bool, removed: Counter[str]) -> list[Line]:
    """Return the lines of an answer; what JSON holds, and what was broken to fit a width, is one.

    Args:
        text: what the answer says, without thinking.
        several: whether more than one prompt was asked for.
        cut: whether the text ends in the middle: its last line is then left out.
        removed: is added to: how many lines or answers what was taken out of.
    """
    return _unwrapped(_lines(text, cut, removed), several)


def counted(
    change: Callable[[str], str],
    name: str,
    text: str,
    removed: Counter[str],
    *,
    whole: bool = True,
) -> str:
    """Return a changed text, and count that it was changed; not `whole`: only if some is left."""
    changed = change(text)
    removed[name] += changed != text and (whole or bool(changed))
    return changed


def _lines(text: str, cut: bool, removed: Counter[str]) -> list[Line]:
    plain = counted(in_fences, MARKUP, text.strip(), removed)
    texts = json_texts(plain)
    if texts is not None:
        removed[MARKUP] += 1
        strings = (without_markup(without_entities(text)) for text in texts)
        return [Line(one_space(string.replace("\n", " ")), True, False) for string in strings]
    plain = _WRITTEN_NEWLINE.sub("\n", without_entities(plain))
    plain = counted(without_markup, MARKUP, plain, removed)
    lines: list[Line] = []
    joined = False
    for line in plain.split("\n"):
        for part in _numbered_parts(one_space(line)):
            bare, marked = without_marks(part) if len(part) <= LONGEST else (part, False)
            removed[MARKS] += marked
            lines += [Line(bare, marked, joined)] if bare else []
        joined = bool(line.strip())
    return lines[:-1] if cut else lines


def _numbered_parts(line: str) -> list[str]:
    """Return the prompts of one line that says `1. ... 2. ... 3. ...`."""
    marks = [(match.start(), int(match[1])) for match in _INLINE_NUMBER.finditer(line)]
    # A sentence may end in a number: "seen at 1. 2. A photo". Numbers after an end count first.
    for found in ([mark for mark in marks if _is_after_end(line, mark[0])], marks):
        numbers = [number for _, number in found]
        if len(found) > 1 and numbers == list(range(numbers[0], numbers[0] + len(found))):
            starts = [start for start, _ in found]
            parts = [line[a:b] for a, b in zip([0, *starts], [*starts, len(line)], strict=True)]
            if all(len(part.split()) > _MARK_AND_WORDS for part in parts[1:]):
                return [part.strip() for part in parts if part.strip()]
    return [line]


def _is_after_end(line: str, start: int) -> bool:
    return start == 0 or line[max(start - 2, 0) : start].rstrip().endswith(_ENDS)


def _unwrapped(lines: list[Line], several: bool) -> list[Line]:
    """Return the lines, those joined that are one sentence broken to fit a width."""
    whole: list[Line] = []
    for line in lines:
        if whole and line.joined and not line.marked and _goes_on(whole[-1].text, line, several):
            text = f"{whole[-1].text} {line.text}"
            whole[-1] = dataclasses.replace(whole[-1], text=text)
        else:
            whole.append(line)
    return whole


def _goes_on(before: str, line: Line, several: bool) -> bool:
    if HALF_END.search(before) or is_talk(before):
        return False
    broken = before[:1].isupper() and line.text[:1].islower()
    return broken or (not several and line.text[:1].islower())
