"""Whether a text will do as a prompt."""

import re
from collections.abc import Iterable

_QUOTES = ('"', "'", "\u201c\u201d", "\u2018\u2019")

_REFUSAL = re.compile(
    r"(i['\u2019]?m|i am|we are)\s+(very\s+)?sorry\b|sorry\b|as an ai\b"
    r"|i\s+(can['\u2019]t|cannot|can not|won['\u2019]t)\b"
    r"|i\s*(['\u2019]m|am)\s+(unable|not able)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"<[^<>]*>|</|`|\*\*|__|[{}\\|]|https?://|\[[^\]]*\]\(|^\s*([#>*\u2022]|-\s|\d+[.)]\s)|:$"
)
_WORD = re.compile(r"[^\W\d_]+")

# Words of English that other languages lack, and words that others have too.
_ENGLISH = re.compile(
    r"\b(the|of|and|with|its|by|from|against|while|that|their|through|near|beside|into|which|there"
    r"|this|are)\b",
    re.IGNORECASE,
)
_ALSO_ENGLISH = re.compile(r"\b(a|an|in|on|is|it|at|as|to|for|over|under)\b", re.IGNORECASE)
_ASCII_SHARE, _ALSO_SHARE = 0.9, 0.2


def tidy(text: str) -> str:
    """Return a text without space and quotation marks around it."""
    text = text.strip()
    for marks in _QUOTES:
        if len(text) > 1 and text[0] == marks[0] and text[-1] == marks[-1]:
            return text[1:-1].strip()
    return text


def problem_of(text: str, names: Iterable[str], max_words: int, language: str) -> str | None:
    """Return why a text will not do as a prompt, or None if it will.

    Args:
        text: tidied.
        names: of the class; the text must have one of them, in any case, singular or plural.
        max_words: longest that it may be.
        language: en, or any.
    """
    words = len(text.split())
    if not words:
        return "empty"
    if len(text.splitlines()) > 1:
        return "more than one line"
    if words > max_words:
        return f"{words} words, at most {max_words}"
    if _REFUSAL.match(text):
        return "refused"
    if _MARKUP.search(text):
        return "markup"
    if language == "en" and not is_english(text):
        return "not English"
    if not any(_names_class(text, name) for name in names):
        return "does not name the class"
    return None


def is_english(text: str) -> bool:
    """Return whether a sentence is English, by its letters and its small words.

    At least nine letters in ten are ASCII, and there is a word such as `the` or `with`, or a fifth
    of the words are such as `a` or `in`, which other languages have too.
    """
    words = _WORD.findall(text)
    letters = "".join(words)
    if not letters or sum(letter.isascii() for letter in letters) < _ASCII_SHARE * len(letters):
        return False
    if _ENGLISH.search(text):
        return True
    return len(_ALSO_ENGLISH.findall(text)) >= _ALSO_SHARE * len(words)


def _names_class(text: str, name: str) -> bool:
    """Return whether the text has the name; its parts may be joined by spaces or hyphens."""
    parts = [re.escape(part) for part in re.split(r"[\s_-]+", name) if part]
    if not parts:
        return False
    last = parts[-1]
    ending = f"{last[:-1]}(y|ies)" if last[-1:].lower() == "y" else f"{last}(s|es)?"
    pattern = r"[\s_-]+".join([*parts[:-1], ending])
    return re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE) is not None
