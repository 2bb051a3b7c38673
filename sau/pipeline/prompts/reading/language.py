"""Whether a text is English, by py3langid's model (97 languages and more, shipped with it)."""

import functools
import re

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from sau.pipeline.prompts.reading.sentences import sentences

_WORD = re.compile(r"[^\W\d_]+")
_LATIN_SHARE = 0.75
_SMALL_WORD = re.compile(
    r"\b(?:the|an?|of|and|with|its?|by|from|against|while|that|their|through|near|beside|into|which"
    r"|there|this|are|to|for|over|under|atop|amid)\b",
    re.IGNORECASE,
)
"""Not `in`, `on`, `is`, `at` and `as`, which stand in Latin and other languages as well."""
_SENTENCE_WORDS, _LIST_WORDS = 4, 8
_LEAST = {"plain": 0.0045, "no small word": 0.03, "list": 0.0004}
"""Ratio of the probabilities of English and of the likeliest language below which a text is
foreign, by its kind. The English captions that docs/prompts.md counts stay above."""
_LATIN, _LATIN_WORDS, _LEAST_OF_LATIN = "la", 3, 0.04
"""The same for a sentence whose likeliest language is Latin: classes and places have Latin names,
so the model takes little of it for Latin that is none."""


def is_english(text: str) -> bool:
    """Return whether a text may be English, all of its sentences.

    In doubt it is: a short text without its class's name tells little.

    Args:
        text: best without the class's name, which may be Latin or of any language.
    """
    parts = sentences(text)
    checked = [
        text,
        *(part for part in parts if len(parts) > 1 and len(part.split()) >= _SENTENCE_WORDS),
    ]
    return all(map(_may_be_english, checked))


def _may_be_english(text: str) -> bool:
    words = _WORD.findall(text)
    letters = "".join(words)
    if not letters:
        return False
    if sum(letter < "\u0250" for letter in letters) < _LATIN_SHARE * len(letters):
        return False
    ranked = _identifier().rank(text)
    likeliest, probability = ranked[0]
    kind = _kind(text, len(words))
    least = _LEAST[kind]
    if likeliest == _LATIN and kind != "list" and len(words) >= _LATIN_WORDS:
        least = max(least, _LEAST_OF_LATIN)
    return bool(dict(ranked).get("en", 1.0) / probability >= least)


def _kind(text: str, words: int) -> str:
    """Return what kind of text this is, by which the model is believed more or less.

    `salsa, guacamole, nachos` is a list of what a picture shows; such words are those of many
    languages.
    """
    if _SMALL_WORD.search(text):
        return "plain"
    if "," in text and words < _LIST_WORDS:
        return "list"
    return "no small word" if words >= _SENTENCE_WORDS else "plain"


@functools.cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
