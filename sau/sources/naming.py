"""How files and classes are called: natural order, stable ids, class names matched to folders."""

import functools
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.settings.names import did_you_mean

LONGEST = 80
"""Characters of a name that a message repeats."""

_DIGITS = re.compile(r"([0-9]+)")
_GIVEN = "dataset.class_names or class_names_file"
_SEPARATORS = re.compile(r"[\s_-]+")
_MINUS = re.compile(r"\s*[-\u2212](?=\d)")
_SPACES = re.compile(r"[^\S\t-\r\x1c-\x1f\x85\u2028\u2029]+")  # not the ends of lines
_JOINER = re.compile(r"(?<=[\u0590-\u1fff])[\u200c\u200d]")
"""Of Arabic and Indic scripts, whose words need them."""


def natural_key(name: str) -> tuple[list[str | tuple[int, str]], str]:
    """Return a sort key that puts `2` before `10`, in the text around numbers too."""
    parts = _DIGITS.split(name)
    return [_size(part) if index % 2 else part for index, part in enumerate(parts)], name


def _size(digits: str) -> tuple[int, str]:
    """Return what orders whole numbers in digits as their values; of any length, unlike `int`."""
    plain = digits.lstrip("0")
    return len(plain), plain


def stable_name(path: Path) -> str:
    r"""Return a relative path as it stands in an id: slashes, composed Unicode, on every system.

    Bytes of a name that is not UTF-8 are spelt out, as in Gr\xf6n.png.
    """
    text = path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text)


@functools.lru_cache(maxsize=2**16)  # a table has the name of a class in each of its rows
def visible_name(name: str) -> str:
    """Return a name in composed Unicode, without what nobody sees.

    That are spaces around it, further ones between its words, marks of direction, soft hyphens,
    byte order marks and spaces of no width.
    """
    composed = unicodedata.normalize("NFC", name)
    needed = {match.start() for match in _JOINER.finditer(composed)}
    shown = (
        character
        for place, character in enumerate(composed)
        if place in needed or unicodedata.category(character) != "Cf"
    )
    return _SPACES.sub(" ", "".join(shown)).strip()


def plain_name(name: str) -> str:
    """Return a class name without what differs between spellings: case, `_`, `-` and spaces.

    The minus of a number stays.
    """
    shown = visible_name(name)
    sign = "-" if _MINUS.match(shown) else ""
    return sign + _SEPARATORS.sub(" ", shown.lstrip("\u2212")).strip().casefold()


def quoted(name: str) -> str:
    """Return a name from outside in quotation marks, in one line and cut."""
    return f"'{one_line(name, LONGEST)}'"


def labels_by_name(names: Iterable[str]) -> dict[str, list[int]]:
    """Return the places of equal names, ascending, by the name."""
    labels: dict[str, list[int]] = {}
    for label, name in enumerate(names):
        labels.setdefault(name, []).append(label)
    return labels


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return the names, of equal ones all but the first with a number at the end: `crane (2)`.

    So a name stands for one class in ids and random streams, wherever the class stands.
    """
    taken, found = set(names), list(names)
    for labels in labels_by_name(names).values():
        for label in labels[1:]:
            numbered = (f"{names[label]} ({number})" for number in itertools.count(2))
            found[label] = next(name for name in numbered if name not in taken)
            taken.add(found[label])
    return found


def exact_label(name: str, class_names: Sequence[str], where: str) -> int:
    """Return the label of the class that is called exactly `name`; raises UserError if none is."""
    if name not in class_names:
        raise UserError(
            f"{where}: no training class is called {quoted(name)}; {nearest(name, class_names)}"
        )
    return class_names.index(name)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of an error message: the nearest known name, or the first known ones."""
    known = list(known)
    question = did_you_mean(name[:LONGEST], known, likeness=0.6)
    if len(question) < 2 * LONGEST and question:
        return question
    shown = ", ".join(one_line(name, LONGEST) for name in known[:20])
    shown += ", ..." if len(known) > 20 else ""
    return f"known are {shown}" if known else "there are none"


def order_classes(
    found: Sequence[str], given: Sequence[str], where: str, *, natural: bool = True
) -> tuple[list[str], str]:
    """Bring the classes that a source names into label order.

    Without given names that is their natural order, or the source's. Given names that are the
    source's own decide the order; given names that have nothing to do with the source's (`tench`
    for `n01440764`) are the titles of the classes in that order.

    Args:
        found: the source's names, each once.
        given: `dataset.class_names`, or those of its file, in label order; may be empty.
        where: what to blame.
        natural: whether the source's names have no order of their own.

    Returns: the source's names in label order, and how that order came to be, for the log.

    Raises:
        UserError: another number of given names, or only some of them are the source's.
    """
    ordered = sorted(found, key=natural_key) if natural else list(found)
    order = "natural order" if natural else "its order"
    if not given:
        return ordered, f"class names are the source's, in {order}"
    check_class_count(len(found), given, where)
    by_plain = {plain_name(name): name for name in ordered}
    known = [name for name in given if plain_name(name) in by_plain]
    if not known:
        return ordered, f"dataset.class_names are titles of the source's classes in {order}"
    missing = [name for name in given if plain_name(name) not in by_plain]
    twice = next((name for name, times in Counter(given).items() if times > 1), None)
    if twice is not None:
        raise UserError(f"{_GIVEN}: {twice!r} is named twice, but {where} has one such class")
    if missing or len(by_plain) < len(ordered):
        odd = missing[0] if missing else known[0]
        raise UserError(
            f"{_GIVEN}: {odd!r} is no class of {where}, though {known[0]!r} is; "
            "name all classes as the source does, or none"
        )
    return [by_plain[plain_name(name)] for name in given], "label order is dataset.class_names'"


def check_class_count(count: int, given: Sequence[str], where: str) -> None:
    """Refuse given class names of another number than the source's classes."""
    if given and len(given) != count:
        raise UserError(
            f"{_GIVEN}: {len(given)} names, but {where} has {count} classes; "
            "give one name for each, in label order, or leave both empty"
        )
