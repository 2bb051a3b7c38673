"""What a sweep changes: one setting, value by value, or named changes of a file."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sau.config import read_config_file
from sau.core.errors import UserError
from sau.run.files import find, workflow_folder
from sau.settings.names import unknown_key

ALL = "all"
"""In place of names: every variant of the file, in its order."""

_NAME = re.compile(r"\w[\w.+-]*")
_FILES = (".yaml", ".yml")


class Variant(NamedTuple):
    """A name for tables, one for a folder, and changes as `sau run --config` takes them."""

    name: str
    folder: str
    changes: Sequence[str]


class Sweep(NamedTuple):
    """What is to be run, the first variant being what the others are compared with.

    `name`: of its files: the key, or the file's without folder and ending; `column`: what tables
    call the values.
    """

    name: str
    column: str
    variants: Sequence[Variant]


def sweep_of(key: str, values: Sequence[str]) -> Sweep:
    """Return what a command line asks for.

    Args:
        key: of the config, with its section; or a YAML file of named changes, of the current folder
            or shipped.
        values: of the key, as YAML has them; or names in the file, or `all`.

    Raises:
        UserError: fewer than two, one twice, two with one folder, a section `experiment`, or what
            is wrong with the file.
    """
    found = _named(Path(key), values) if key.endswith(_FILES) else _valued(key, values)
    names = [variant.name for variant in found.variants]
    if len(names) < 2 or len(set(names)) < len(names):
        raise UserError(
            f"VALUES: {' '.join(values)}: expected two or more, each once; found {', '.join(names)}"
        )
    # As file systems have it that take a and A for one name.
    if len({variant.folder.casefold() for variant in found.variants}) < len(names):
        raise UserError(f"VALUES: {' '.join(values)}: two of them have one folder, a / being a _")
    return found


def _valued(key: str, values: Sequence[str]) -> Sweep:
    section, _, name = key.partition(".")
    if section == "experiment" or not name or "." in name:
        raise UserError(
            f"KEY: {key}: expected a section other than experiment and a key in it, such as "
            "images.guidance_scale, or a YAML file of named changes"
        )
    variants = [
        Variant(value, f"{key}-{value.replace('/', '_')}", [f"{section}={{{name}: {value}}}"])
        for value in values
    ]
    return Sweep(key, key, variants)


def _named(file: Path, names: Sequence[str]) -> Sweep:
    known = read_config_file(find(str(file), workflow_folder()) or file)
    for name, changes in known.items():
        _check(file, name, changes)
    chosen = list(known) if list(names) == [ALL] else names
    for name in chosen:
        if name not in known:
            raise UserError(unknown_key(f"VALUES: {name}", name, known, "variant"))
    variants = [Variant(name, f"{file.stem}-{name}", _words(known[name])) for name in chosen]
    return Sweep(file.stem, "variant", variants)


def _check(file: Path, name: Any, changes: Any) -> None:
    where = f"{file}: {name}"
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == ALL:
        raise UserError(
            f"{where}: expected a name of letters, digits, '.', '+', '-' and '_', other than {ALL}"
        )
    if not isinstance(changes, Mapping) or not all(
        isinstance(values, Mapping) for values in changes.values()
    ):
        raise UserError(f"{where}: expected sections with keys, or {{}} for the config as it is")
    if "experiment" in changes:
        raise UserError(f"{where}: expected sections other than experiment, which all share")


def _words(changes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [
        f"{section}={json.dumps(values, ensure_ascii=False)}" for section, values in changes.items()
    ]
