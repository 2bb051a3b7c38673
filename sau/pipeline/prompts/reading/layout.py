"""From what an answer says to its prompts: lists, lines, paragraphs."""

import dataclasses
import re
from collections import Counter
from collections.abc import Callable

from sau.pipeline.prompts.reading.characters import one_space
from sau.pipeline.prompts.reading.json_texts import json_texts
from sau.pipeline.prompts.reading.marks import is_label, without_appendix, without_marks
from sau.pipeline.prompts.reading.markup import in_fences, without_entities, without_markup
from sau.pipeline.prompts.reading.refusals import is_refusal
from sau.pipeline.prompts.reading.sentences import sentences
from sau.pipeline.prompts.reading.talk import is_talk, without_talk
from sau.pipeline.prompts.reading.translations import without_translations

MARKS = "list marks, labels and quotation marks"
MARKUP = "markup"
TALK = "talk and titles around prompts"
APPENDIX = "counts and parameters"
TRANSLATION = "translations in brackets"

_ENOUGH_WORDS = 4
_TITLE_WORDS = 8
_MANY, _MOST = 3, 0.7
_OWN_LABEL = re.compile(r"[^:.,]{1,40}:\s+(?=\S+(?:\s+\S+){3})")
_LONGEST = 8_000
"""Characters of a line that may be a prompt; a longer one is left as it is, to be refused."""
_ALIKE, _VERY_ALIKE = 2, 4
"""Words with which prompts that stand in one line, or were not all asked for, begin alike."""

_SEPARATORS = (r"\s+[|/]+\s+", r"\s*;\s+", r"\s+-{1,3}\s+", r"\s{3,}")
_INLINE_NUMBER = re.compile(r"(?:^|(?<=\s))\(?(\d{1,2})[.):]\s+(?=\S)")
_HALF_END = re.compile(r"[.!?:;\u2026\u3002\uff01\uff1f\"'\u201d\u2019)\]*]$")
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


def prompts_in(text: str, several: bool, cut: bool, removed: Counter[str]) -> list[str]:
    """Return the prompts of an answer, unchecked.

    Args:
        text: what the answer says, without thinking.
        several: whether more than one was asked for; else lines that are not alike are one text.
        cut: whether the text ends in the middle: its last prompt is then left out.
        removed: is added to: how many prompts or answers what was taken out of.
    """
    lines = _unwrapped(_lines(text, cut, removed), several)
    spoken = [
        dataclasses.replace(line, text=_tidy(line.text, removed))
        for line in _without_headings(lines)
    ]
    kept = _without_surroundings([line for line in spoken if line.text])
    kept = _without_common_label(kept)
    removed[TALK] += len(lines) - len(kept)
    found = [line.text for line in kept]
    alike = _ALIKE if several else _VERY_ALIKE
    if len(found) == 1:
        found = _run_together(found[0], alike)
    if several or len(found) < 2 or _alike(found, alike):
        return found
    return ["\n".join(found)]


def _lines(text: str, cut: bool, removed: Counter[str]) -> list[Line]:
    plain = _counted(in_fences, MARKUP, text.strip(), removed)
    texts = json_texts(plain)
    if texts is not None:
        removed[MARKUP] += 1
        strings = (without_markup(without_entities(text)) for text in texts)
        return [Line(one_space(string.replace("\n", " ")), True, False) for string in strings]
    plain = _WRITTEN_NEWLINE.sub("\n", without_entities(plain))
    plain = _counted(without_markup, MARKUP, plain, removed)
    lines: list[Line] = []
    joined = False
    for line in plain.split("\n"):
        for part in _numbered_parts(one_space(line)):
            bare, marked = without_marks(part) if len(part) <= _LONGEST else (part, False)
            removed[MARKS] += marked
            lines += [Line(bare, marked, joined)] if bare else []
        joined = bool(line.strip())
    return lines[:-1] if cut else lines


def _numbered_parts(line: str) -> list[str]:
    """Return the prompts of one line that says `1. ... 2. ... 3. ...`."""
    marks = [(match.start(), int(match[1])) for match in _INLINE_NUMBER.finditer(line)]
    numbers = [number for _, number in marks]
    if len(marks) < 2 or numbers != list(range(numbers[0], numbers[0] + len(marks))):
        return [line]
    starts = [start for start, _ in marks]
    parts = [line[a:b] for a, b in zip([0, *starts], [*starts, len(line)], strict=True)]
    return [part.strip() for part in parts if part.strip()]


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
    if _HALF_END.search(before) or is_talk(before):
        return False
    broken = before[:1].isupper() and line.text[:1].islower()
    return broken or (not several and line.text[:1].islower())


def _without_headings(lines: list[Line]) -> list[Line]:
    """Return the lines without short ones above others, such as `Prompt 1` or `In the forest:`."""
    lines = [line for line in lines if not is_label(line.text)]
    others = [line for line in lines if not line.text.endswith((":", "\uff1a"))]
    titles = [i for i, line in enumerate(others) if _is_title(line)]
    if titles and all(i + 1 < len(others) and _is_long(others[i + 1]) for i in titles):
        return [line for line in others if not _is_title(line)]
    return others or lines


def _is_title(line: Line) -> bool:
    return not _is_long(line) and _HALF_END.search(line.text) is None


def _is_long(line: Line) -> bool:
    return len(line.text.split()) >= _TITLE_WORDS


def _tidy(text: str, removed: Counter[str]) -> str:
    """Return a line without all that is no prompt; empty if nothing is left."""
    if len(text) > _LONGEST:
        return text
    if not is_refusal(text):
        text = _counted(without_talk, TALK, text, removed, whole=False)
    text = without_marks(text)[0]
    text = _counted(without_appendix, APPENDIX, text, removed)
    return one_space(_counted(without_translations, TRANSLATION, text, removed))


def _without_surroundings(lines: list[Line]) -> list[Line]:
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


def _without_common_label(lines: list[Line]) -> list[Line]:
    """Return the lines without a label before a colon, as `Cat 1: `, if all have one."""
    labelled = [_OWN_LABEL.match(line.text) for line in lines]
    if len(lines) < 2 or not all(labelled):
        return lines
    return [
        dataclasses.replace(line, text=line.text[match.end() :], marked=True)
        for line, match in zip(lines, labelled, strict=True)
        if match is not None
    ]


def _run_together(text: str, alike: int) -> list[str]:
    """Return the parts of a line if they are prompts one after the other: they begin alike."""
    for parts in (sentences(text), *(re.split(mark, text) for mark in _SEPARATORS)):
        long = all(len(part.split()) >= _ENOUGH_WORDS for part in parts)
        if len(parts) > 1 and long and _alike(parts, alike):
            return parts
    return [text]


def _alike(texts: list[str], words: int) -> bool:
    """Return whether all texts begin with the same words, as `A photo of the`."""
    return len({" ".join(text.lower().split()[:words]) for text in texts}) == 1


def _counted(
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
