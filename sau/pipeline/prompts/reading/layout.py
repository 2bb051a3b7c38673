"""From what an answer says to its prompts."""

import dataclasses
import re
from collections import Counter

from sau.pipeline.prompts.reading.around import (
    without_common_label,
    without_headings,
    without_surroundings,
)
from sau.pipeline.prompts.reading.characters import one_space
from sau.pipeline.prompts.reading.lines import LONGEST, counted, lines_of
from sau.pipeline.prompts.reading.marks import without_appendix, without_marks
from sau.pipeline.prompts.reading.refusals import is_refusal
from sau.pipeline.prompts.reading.sentences import sentences
from sau.pipeline.prompts.reading.talk import without_talk
from sau.pipeline.prompts.reading.translations import without_translations

TALK = "talk and titles around prompts"
APPENDIX = "counts and parameters"
TRANSLATION = "translations in brackets"

_ENOUGH_WORDS = 4
_ALIKE, _VERY_ALIKE = 2, 4
"""Words with which prompts that stand in one line, or were not all asked for, begin alike."""
_SEPARATORS = (r"\s+[|/]+\s+", r"\s*;\s+", r"\s+-{1,3}\s+", r"\s{3,}")


def prompts_in(text: str, several: bool, cut: bool, removed: Counter[str]) -> list[str]:
    """Return the prompts of an answer, unchecked.

    Args:
        text: what the answer says, without thinking.
        several: whether more than one was asked for; else lines that are not alike are one text.
        cut: whether the text ends in the middle: its last prompt is then left out.
        removed: is added to: how many prompts or answers what was taken out of.
    """
    lines = lines_of(text, several, cut, removed)
    spoken = [
        dataclasses.replace(line, text=_tidy(line.text, removed))
        for line in without_headings(lines)
    ]
    kept = without_surroundings([line for line in spoken if line.text])
    kept = without_common_label(kept)
    removed[TALK] += len(lines) - len(kept)
    found = [line.text for line in kept]
    alike = _ALIKE if several else _VERY_ALIKE
    if len(found) == 1:
        found = _run_together(found[0], alike)
    if several or len(found) < 2 or _alike(found, alike):
        return found
    return ["\n".join(found)]


def _tidy(text: str, removed: Counter[str]) -> str:
    """Return a line without all that is no prompt; empty if nothing is left."""
    if len(text) > LONGEST:
        return text
    if not is_refusal(text):
        text = counted(without_talk, TALK, text, removed, whole=False)
    text = without_marks(text)[0]
    text = counted(without_appendix, APPENDIX, text, removed)
    return one_space(counted(without_translations, TRANSLATION, text, removed))


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
