"""Where a text names its class."""

import functools
import re
import unicodedata
from collections.abc import Iterable

from lemminflect import getInflection, getLemma

_GAP = r"[\s_-]*"
_SPLIT = re.compile(r"[\s_-]+")
_PIECES = re.compile(r"\s*[,;/|()]\s*")
_APOSTROPHES = re.compile("[\u2018\u2019\u02bc\u00b4`]")
_LACKING = {"person": "people", "ox": "oxen", "people": "person", "oxen": "ox"}
"""Nouns whose plural lemminflect does not know."""


def names_class(text: str, names: Iterable[str]) -> bool:
    """Return whether a text has one of a class's names, in singular or plural.

    Case, accents, and whether parts are joined by spaces, hyphens or nothing make no difference.
    Of a name with commas, slashes or brackets (`tench, Tinca tinca`) one piece is enough.
    """
    text = _plain(text)
    return any(_pattern(_plain(name)).search(text) for name in names if _plain(name))


def without_names(text: str, names: Iterable[str]) -> str:
    """Return a text without the names of its class."""
    text = _APOSTROPHES.sub("'", unicodedata.normalize("NFC", text))
    for name in names:
        name = _APOSTROPHES.sub("'", unicodedata.normalize("NFC", name)).strip()
        for form in dict.fromkeys((name, _plain(name))):
            text = _pattern(form).sub(" ", text) if form else text
    return " ".join(text.split())


@functools.cache
def _pattern(name: str) -> re.Pattern[str]:
    """Return what finds a name, the longest of its pieces first."""
    pieces = [name, *filter(None, _PIECES.split(name))]
    found = "|".join(map(_piece, sorted(dict.fromkeys(pieces), key=len, reverse=True)))
    return re.compile(found, re.IGNORECASE)


def _piece(piece: str) -> str:
    parts = [part for part in _SPLIT.split(piece) if part] or [piece]
    alternatives = _GAP.join("(?:" + "|".join(map(re.escape, forms(part))) + ")" for part in parts)
    before = "" if _runs_on(piece[0]) else r"(?<!\w)"
    after = "" if _runs_on(piece[-1]) else r"(?!\w)"
    return f"{before}{alternatives}{after}"


@functools.cache
def forms(word: str) -> tuple[str, ...]:
    """Return a noun's singular and plural, whichever it is, the longest first.

    Args:
        word: a word of a class's name. One of another language gets an English plural too, which
            does no harm: it is only looked for.
    """
    found = {word, f"{word}s", f"{word}es"}
    if word[-1:].lower() == "y":
        found.add(f"{word[:-1]}ies")
    if word.isascii() and word.isalpha():
        lower = word.lower()
        found |= {*getInflection(lower, "NNS"), *getLemma(lower, "NOUN")}
        found |= {_LACKING[lower]} if lower in _LACKING else set()
        if lower.endswith(("man", "men")):  # lemminflect lacks many of these
            found |= {f"{word[:-2]}en", f"{word[:-2]}an"}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def _plain(text: str) -> str:
    """Return a text in lower case without accents, with plain apostrophes."""
    apart = unicodedata.normalize("NFKD", _APOSTROPHES.sub("'", text).casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).strip()


def _runs_on(character: str) -> bool:
    """Return whether a script joins words or their endings, as Chinese and Korean do."""
    return unicodedata.category(character) in ("Lo", "Mn", "Mc")
