"""Translations that stand in brackets after a prompt or a word of it."""

import re

from sau.pipeline.prompts.reading.language import is_english

_BRACKETS = re.compile(
    r"\s*[(\[\uff08\u3010]([^()\[\]\uff08\uff09\u3010\u3011\n]+)[)\]\uff09\u3011]"
)
_AFTER_DASH = re.compile(r"\s*[\u2014\u2013/|-]\s+([^\u2014\u2013/|]+)$")
_ENOUGH_WORDS = 3
_LETTER = re.compile(r"[^\W\d_]")


def without_translations(text: str) -> str:
    """Return a text without what stands in brackets and is in another script or language.

    Two words of Latin letters stay: they are a species' name more often than a translation.
    """
    text = _AFTER_DASH.sub(lambda match: "" if _is_other_script(match[1]) else match[0], text)
    return _BRACKETS.sub(lambda match: "" if _is_foreign(match[1]) else match[0], text)


def _is_other_script(text: str) -> bool:
    letters = _LETTER.findall(text)
    return bool(letters) and sum(letter < "\u0250" for letter in letters) * 2 < len(letters)


def _is_foreign(inside: str) -> bool:
    if _is_other_script(inside):
        return True
    return len(inside.split()) >= _ENOUGH_WORDS and not is_english(inside)
