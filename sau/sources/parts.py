"""Folders that are parts of a data set (training, test), or a wrapper, but no classes."""

import re
from collections.abc import Mapping, Set
from itertools import islice
from pathlib import Path

from sau.core.errors import UserError
from sau.sources.decode import SUFFIXES
from sau.sources.image_folder import class_folders

_TRAIN = re.compile(r"train(ing|_?data|s)?", re.IGNORECASE)
_TEST = re.compile(r"(test(ing|s)?|val(id(ation)?)?|eval(uation)?|pred(iction)?)", re.IGNORECASE)
_FIRST_TEST = re.compile(r"test(ing|s)?", re.IGNORECASE)
"""What is taken where there are several."""
_WORDS = re.compile(r"[^A-Za-z]+")

_ADVICE = "call them train and test, and set it to the folder around them"

LOOK_INTO = 50
"""Entries of a folder that are looked at, to see whether it holds images."""


def refuse_parts(folder: Path, key: str, advice: str = _ADVICE) -> None:
    """Refuse a folder whose folders are parts of a data set, or one folder around all of it.

    Args:
        folder: what is taken for the folder of the class folders.
        key: the setting that names it.
        advice: what to do where its folders are parts.

    Raises:
        UserError: its folders are called like parts (`Training` and `Testing`, `seg_train` and
            `seg_test`), or there is one of them alone; or one cannot be read.
    """
    found = class_folders(folder, key)
    names = [path.name for path in found]
    inside = {path.name: _folders_in(path, key) for path in found}
    parts = _parts(inside)
    if parts:
        train, test = parts
        raise UserError(
            f"{key}: {folder}: its folders {train!r} and {test!r} look like parts of a data set, "
            f"not like classes; {advice}"
        )
    if len(names) == 1 and inside[names[0]] and not _holds_images(found[0]):
        raise UserError(
            f"{key}: {folder}: its only folder {names[0]!r} holds the folders "
            f"{', '.join(map(repr, sorted(inside[names[0]])[:3]))}; set it to {found[0]}"
        )


def parts_of(folder: Path, key: str) -> tuple[str, str] | None:
    """Return the names of the folders of training and test images, if that is what is in a folder.

    Args:
        folder: whose folders are classes, or parts of a data set such as `Training` and `Testing`.
        key: the setting to name in errors.

    Raises:
        UserError: one of them cannot be read.
    """
    return _parts({path.name: _folders_in(path, key) for path in class_folders(folder, key)})


def _parts(inside: Mapping[str, Set[str]]) -> tuple[str, str] | None:
    """Return the parts among folders, each with the names of the folders in it."""
    train = next((name for name in inside if _is_called(name, _TRAIN)), "")
    tests = [name for name in inside if _is_called(name, _TEST) and name != train]
    test = min(tests, key=lambda name: not _is_called(name, _FIRST_TEST), default="")
    if train and test and (inside[train] or inside[test] or len(inside) == 2):
        return train, test
    return None


def is_called_test(name: str) -> bool:
    """Return whether a folder is called as people call the part that is tested on."""
    return _is_called(name, _TEST)


def _is_called(name: str, part: re.Pattern[str]) -> bool:
    """Return whether one word of a folder's name is that of a part."""
    return any(part.fullmatch(word) for word in _WORDS.split(name))


def _folders_in(folder: Path, key: str) -> set[str]:
    try:
        return {path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != "."}
    except OSError as error:
        raise UserError(
            f"{key}: {folder}: the folder cannot be read ({error.strerror}); change its "
            "permissions, or move it elsewhere"
        ) from error


def _holds_images(folder: Path) -> bool:
    return any(path.suffix.lower() in SUFFIXES for path in islice(folder.iterdir(), LOOK_INTO))
