"""Blots the key out of what comes from a server, in whatever form it repeats it."""

import base64
import itertools
import re
import string
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from sau.pipeline.prompts.llm.escapes import source_of, undone

BLOT = "[key]"

_SHORTEST = 6
"""Characters of a key that is blotted out; shorter ones, such as `test`, are no secret."""
_PIECE = 8
"""Letters and digits: a piece of the key as long as this is blotted out wherever it stands."""
_LAYERS = 4
"""Of escapes within escapes, such as JSON within JSON."""
_TRIES = 3
_LETTERS = re.compile("[A-Za-z0-9]+")
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_NO_LETTERS = bytes(set(range(256)) - set((string.ascii_letters + string.digits).encode()))

Span = tuple[int, int]


class Redactor:
    """Blots one key out of texts.

    Found are the key itself, in upper or lower case, escaped in any of the ways that `escapes`
    knows, in base64, in hex or backwards; and each piece of eight letters and digits, whatever
    stands between them, unless it is a word or a number. So a key that is cut in two, or broken
    over lines, is found too.

    Args:
        key: what is to be found; empty: nothing.
    """

    def __init__(self, key: str) -> None:
        forms = _forms(key) if len(key) >= _SHORTEST else []
        self._whole = {_folded(form): _pattern(form) for form in forms}
        pieces = list(itertools.chain.from_iterable(map(_pieces, forms)))
        self._pieces = np.unique(_words(b"".join(piece.lower().encode() for piece in pieces), 0))
        self._telling = {piece.lower().encode() for piece in pieces if _tells(piece)}
        self._numbers = b"".join(b"%d" % byte for byte in key.encode()) if forms else b""

    def __call__(self, text: str) -> str:
        """Return the text with the key blotted out."""
        if not self._whole:
            return text
        for _ in range(_TRIES):
            spans = self._spans(text)
            if not spans:
                return text
            text = _blotted(text, spans)
        return BLOT  # what is left when it is blotted out makes the key again: not to be trusted

    def _spans(self, text: str) -> list[Span]:
        """Return where the key stands in a text, in any order."""
        found: list[Span] = []
        layers = [text]
        for _ in range(_LAYERS):
            here = list(self._spans_in(layers[-1]))
            found += source_of(here, layers) if here else []
            layers.append(undone(layers[-1]))
            if layers[-1] == layers[-2]:
                break
        return found

    def _spans_in(self, text: str) -> Iterator[Span]:
        folded = _folded(text)
        for form, whole in self._whole.items():
            if form in folded:  # a hundredth of the time that the pattern takes
                yield from (match.span() for match in whole.finditer(text))
        letters = text.encode(errors="replace").translate(_LOWER, _NO_LETTERS)
        hits = list(self._hits(letters))
        if hits:
            runs = (range(*match.span()) for match in _LETTERS.finditer(text))
            places = list(itertools.chain.from_iterable(runs))
            yield from ((places[start], places[end - 1] + 1) for start, end in hits)

    def _hits(self, letters: bytes) -> Iterator[Span]:
        """Yield the longest stretches of pieces side by side of which one at least is telling."""
        found = self._places(letters)
        # Neighbours in the text have the same difference from their place in the list.
        for _, group in itertools.groupby(enumerate(found), lambda pair: pair[1] - pair[0]):
            stretch = [start for _, start in group]
            if any(letters[i : i + _PIECE] in self._telling for i in stretch):
                yield stretch[0], stretch[-1] + _PIECE
        if self._numbers and (start := letters.find(self._numbers)) >= 0:
            yield start, start + len(self._numbers)

    def _places(self, letters: bytes) -> list[int]:
        """Return where pieces stand in letters and digits, ascending."""
        found: list[int] = []
        for offset in range(_PIECE) if self._pieces.size else ():
            words = _words(letters, offset)
            nearest = np.searchsorted(self._pieces[:-1], words)
            here = np.flatnonzero(self._pieces[nearest] == words)
            found += (here * _PIECE + offset).tolist()
        return sorted(found)


def _words(letters: bytes, offset: int) -> npt.NDArray[np.uint64]:
    """Return each eight letters from an offset on as one number."""
    count = max(len(letters) - offset, 0) // _PIECE
    return np.frombuffer(letters, np.uint64, count, min(offset, len(letters)))


def _folded(text: str) -> str:
    """Return a text in which what `re.IGNORECASE` takes for one letter is one."""
    return text.replace("\u0130", "i").replace("\u0131", "i").casefold()


def _forms(key: str) -> list[str]:
    return [key, key[::-1], *_in_base64(key), key.encode().hex()]


def _pattern(form: str) -> re.Pattern[str]:
    # A key of digits alone is no part of a longer number.
    around = (r"(?<!\d)", r"(?!\d)") if form.isdigit() else ("", "")
    return re.compile(re.escape(form).join(around), re.IGNORECASE)


def _in_base64(key: str) -> list[str]:
    """Return the key as it stands in base64, after 0, 1 or 2 other bytes of a group of three."""
    forms = []
    for before in range(3):
        data = base64.b64encode(b"\0" * before + key.encode()).decode().rstrip("=")
        # The letters at both ends depend on the key's neighbours, too.
        form = data[(0, 2, 3)[before] :]
        form = form if (before + len(key)) % 3 == 0 else form[:-1]
        forms += [form, form.replace("+", "-").replace("/", "_")]
    return forms


def _pieces(form: str) -> Iterator[str]:
    letters = "".join(_LETTERS.findall(form))
    return (letters[i : i + _PIECE] for i in range(len(letters) - _PIECE + 1))


def _tells(piece: str) -> bool:
    """Return whether a piece is neither a word nor a number, which may stand in any text."""
    is_word = piece.isalpha() and (piece.islower() or piece.isupper() or piece.istitle())
    return not (is_word or piece.isdigit())


def _blotted(text: str, spans: list[Span]) -> str:
    parts: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if start >= end:
            parts += [text[end:start], BLOT]
        end = max(end, stop)
    return "".join([*parts, text[end:]])
