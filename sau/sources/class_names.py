"""Files of class names: a name in each line, or a release's list of categories."""

import json
from pathlib import Path
from typing import Any

from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.sources.checks import read_text

_KEY = "dataset.class_names_file"
_KIND = "file of class names"


def read_class_names(file: Path) -> list[str]:
    """Read class names in label order.

    Args:
        file: ends in `.json` if it is a list of categories, whose ids then are the labels; any
            other is text in UTF-8, one name in each line, empty lines at the end only.

    Raises:
        UserError: no file that can be read, a line without a name, or ids that are not 0 and up
            without gaps.
    """
    if is_categories(file):
        return _in_order(read_categories(file), file)
    lines = [line.strip() for line in read_text(file, _KEY, _KIND).rstrip().split("\n")]
    if "" in lines:
        raise UserError(
            f"{_KEY}: {file}, line {lines.index('') + 1}: empty; expected one class name in each "
            "line, in label order"
        )
    return lines


def is_categories(file: Path) -> bool:
    """Return whether a file of class names is a list of categories, by its ending."""
    return file.suffix.lower() == ".json"


def read_categories(file: Path) -> dict[int, str]:
    """Read a JSON list of categories, such as iNaturalist 2018's `categories.json`.

    Returns: the name of each category id.

    Raises:
        UserError: no file that can be read, no list of objects with a whole `id` and a `name`, or
            an id twice.
    """
    try:
        entries: Any = json.loads(read_text(file, _KEY, _KIND))
    except (ValueError, RecursionError) as error:  # the latter of lists within lists, and so on
        raise UserError(f"{_KEY}: {file}: not readable as JSON ({error})") from error
    if not isinstance(entries, list) or not entries:
        raise UserError(f"{_KEY}: {file}: expected a list of objects with an `id` and a `name`")
    names: dict[int, str] = {}
    for position, entry in enumerate(entries):
        identity, name = _id_and_name(entry, f"{_KEY}: {file}: entry {position}")
        if identity in names:
            raise UserError(f"{_KEY}: {file}: entry {position}: id {identity} comes twice")
        names[identity] = name
    return names


def _id_and_name(entry: Any, where: str) -> tuple[int, str]:
    fields = entry if isinstance(entry, dict) else {}
    identity, name = fields.get("id"), fields.get("name")
    if type(identity) is not int or not isinstance(name, str) or not name.strip():
        raise UserError(
            f"{where}: {one_line(repr(entry))}; expected an object with a whole `id` and a `name`"
        )
    return identity, name.strip()


def _in_order(names: dict[int, str], file: Path) -> list[str]:
    missing = next((label for label in range(len(names)) if label not in names), None)
    if missing is not None:
        raise UserError(
            f"{_KEY}: {file}: no category {missing}; ids must be the labels, 0 to {len(names) - 1}"
        )
    return [names[label] for label in range(len(names))]
