"""Folders that are parts of a data set (training, test), or a wrapper, but no classes."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import islice
from pathlib import Path

from sau.core.errors import UserError
from sau.sources.decode import SUFFIXES
from sau.sources.image_folder import class_folders
from sau.sources.part_names import (
    FIRST_TEST,
    NUMBERED,
    OTHER_TEST,
    OTHER_TRAIN,
    TEST,
    TRAIN,
    is_called,
)

log = logging.getLogger(__name__)

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
    parts = _parts(inside) or _numbered_parts(inside)
    if parts:
        train, test = parts
        raise UserError(
            f"{key}: {folder}: its folders {train!r} and {test!r} look like parts of a data set, "
            f"not like classes; {advice}"
        )
    _refuse_parts_of_classes(folder, inside, key)
    if len(names) == 1 and inside[names[0]] and not _holds_images(found[0]):
        raise UserError(
            f"{key}: {folder}: its only folder {names[0]!r} holds the folders "
            f"{', '.join(map(repr, sorted(inside[names[0]])[:3]))}; set it to {found[0]}"
        )
    _warn_of_folders_of_folders(folder, [path for path in found if inside[path.name]], inside)


def _numbered_parts(inside: Mapping[str, Set[str]]) -> tuple[str, str] | None:
    """Return the first two of folders such as `fold_1` to `fold_5`, which hold the same folders."""
    names = list(inside)
    alike = len(names) > 1 and all(is_called(name, NUMBERED) for name in names)
    return (names[0], names[1]) if alike and _common(inside) else None


def _common(inside: Mapping[str, Set[str]]) -> list[str]:
    """Return the names of the folders that are in each of some folders."""
    return sorted(set.intersection(*(set(names) for names in inside.values()))) if inside else []


def _refuse_parts_of_classes(folder: Path, inside: Mapping[str, Set[str]], key: str) -> None:
    """Refuse class folders that are divided into training and test images each."""
    for name, folders in inside.items():
        train = sorted(inner for inner in folders if is_called(inner, TRAIN))
        test = sorted(inner for inner in folders if is_called(inner, TEST))
        if train and test:
            raise UserError(
                f"{key}: {folder}: its folder {name!r} holds {train[0]!r} and {test[0]!r}, which "
                "look like parts of a data set; expected train and test with a folder for each "
                "class in them, move the images"
            )


def _warn_of_folders_of_folders(
    folder: Path, found: list[Path], inside: Mapping[str, Set[str]]
) -> None:
    """Say that what lies in folders of a class counts to it, where it has no images of its own.

    Nobody can tell `cat/indoors` and `dog/indoors` from `entrenamiento/cat` and `prueba/cat`, whose
    classes would be two that are none.
    """
    bare = [path for path in found if not _holds_images(path)]
    if not bare:
        return
    first = min(bare, key=lambda path: path.name)
    common = _common({path.name: inside[path.name] for path in bare}) if len(bare) > 1 else []
    log.warning(
        "%s: %d of its folders hold no images but folders, such as %s/%s, and are taken for "
        "classes%s; if their folders are the classes, name train_part and test_part, or move them",
        folder,
        len(bare),
        first.name,
        min(inside[first.name]),
        f", though each holds {', '.join(map(repr, common[:3]))}" if common else "",
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
    train, test = _called(inside, (TRAIN,), (TEST,))
    if train and test and (inside[train] or inside[test] or len(inside) == 2):
        return train, test
    train, test = _called(inside, (TRAIN, OTHER_TRAIN), (TEST, OTHER_TEST))
    return (train, test) if train and test and inside[train] & inside[test] else None


def _called(
    names: Iterable[str], train: Sequence[re.Pattern[str]], test: Sequence[re.Pattern[str]]
) -> tuple[str, str]:
    """Return the first names that are called so, empty where none is; best one of a test part."""
    names = list(names)
    first = next((name for name in names if is_called(name, *train)), "")
    tests = [name for name in names if is_called(name, *test) and name != first]
    return first, min(tests, key=lambda name: not is_called(name, FIRST_TEST), default="")


def is_called_test(name: str) -> bool:
    """Return whether a folder is called as people call the part that is tested on."""
    return is_called(name, TEST)


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
