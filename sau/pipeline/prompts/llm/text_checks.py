"""Whether a text will do as a prompt."""

import functools
import re
from collections.abc import Collection, Iterable

from sau.pipeline.prompts.llm.duplicates import near_duplicates, normalise
from sau.pipeline.prompts.reading.characters import BROKEN
from sau.pipeline.prompts.reading.class_names import names_class, without_names
from sau.pipeline.prompts.reading.language import is_english
from sau.pipeline.prompts.reading.marks import unquoted
from sau.pipeline.prompts.reading.refusals import is_refusal
from sau.pipeline.prompts.reading.sentences import sentences
from sau.pipeline.prompts.reading.talk import is_talk

_MARKUP = re.compile(
    r"<[^<>]*>|</|<\||`|\*\*|__|[{}\\|\[\]]|https?://|&#?\w+;"
    r"|^\s*([#>*\u2022]|-\s|\d+[.)]\s)|:$"
)
_HALF = re.compile(
    r"(?:[,(\u2013\u2014-]|\b(?:the|an?|with|and|of|or|its|their|by|from|into|near|beside|at|as|for"
    r"|to|in(?= ?$)|on(?= ?$)|between|against|while|that|which|is|are))\s*(?:\.\.\.|\u2026)?$",
    re.IGNORECASE,
)
_JOINER = re.compile("[\u200c\u200d]")  # Persian and Hindi need them
_CHARACTERS_PER_WORD = 20
_FORM_SIMILARITY = 0.6


def tidy(text: str) -> str:
    """Return a text without space and quotation marks around it."""
    return unquoted(text)


def problem_of(
    text: str,
    names: Iterable[str],
    max_words: int,
    language: str,
    forms: Collection[str] = (),
) -> str | None:
    """Return why a text will not do as a prompt, or None if it will.

    Args:
        text: tidied.
        names: of the class; the text must have one of them, in any case, singular or plural.
        max_words: longest that it may be.
        language: en, or any.
        forms: what the model was told or is replaced by, which is no answer.
    """
    return _problem_of(text, tuple(names), max_words, language, tuple(forms))


def problem_of_phrase(text: str, max_words: int, language: str) -> str | None:
    """Return why a text will not do as a part of a prompt, or None if it will.

    Args:
        text: tidied.
        max_words: longest that it may be.
        language: en, or any.
    """
    problem = _problem_of_length(text, max_words) or _problem_of_kind(text, ())
    foreign = language == "en" and not problem and not is_english(text)
    return "not English" if foreign else problem


@functools.lru_cache(maxsize=2**16)  # a class's texts are checked again whenever one comes
def _problem_of(
    text: str, names: tuple[str, ...], max_words: int, language: str, forms: tuple[str, ...]
) -> str | None:
    return (
        _problem_of_length(text, max_words)
        or _problem_of_kind(text, forms)
        or _problem_of_content(text, names, language)
    )


def _problem_of_length(text: str, max_words: int) -> str | None:
    words, most = len(text.split()), _CHARACTERS_PER_WORD * max_words
    if not words:
        return "empty"
    if len(text.splitlines()) > 1:
        return "more than one line"
    if words > max_words:
        return f"{words} words, at most {max_words}"
    if len(text) > most:
        return f"{len(text)} characters, at most {most}"
    return None


def _problem_of_kind(text: str, forms: Collection[str]) -> str | None:
    if any(map(is_refusal, sentences(text))):
        return "refused"
    if _MARKUP.search(text):
        return "markup"
    if BROKEN in text or not _JOINER.sub("", text).isprintable():
        return "broken characters"
    if any(map(is_talk, sentences(text))):
        return "talk, no prompt"
    if _repeats(text, forms):
        return "repeats what the model was told"
    return None


def _problem_of_content(text: str, names: tuple[str, ...], language: str) -> str | None:
    rest = without_names(text, names)
    if names_class(text, names) and not re.search(r"[^\W\d_]", rest):
        return "nothing but the class's name"
    if language == "en":
        if not is_english(rest):
            return "not English"
        if _HALF.search(text):
            return "half a sentence"
    return None if names_class(text, names) else "does not name the class"


def _repeats(text: str, forms: Collection[str]) -> bool:
    """Return whether a text is one of these, or the same but for a few words."""
    normal = normalise(text)
    if any(normal == normalise(form) for form in forms):
        return True
    long = [form for form in forms if len(form.split()) > 8]
    return any(near_duplicates([form, text], _FORM_SIMILARITY)[1] is not None for form in long)
