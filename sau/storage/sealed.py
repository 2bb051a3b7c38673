"""JSON that carries a hash of what it says, and wrecks that are put aside."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sau.core.errors import UserError

SEAL = "seal"
"""The key of the hash over all other entries."""


class BrokenSealError(ValueError):
    """A text that is not as `sealed_text` wrote it; the message says how."""


def sealed_text(values: Mapping[str, Any], indent: int | None = None) -> str:
    """Return an object as JSON, its keys sorted, with a hash of all that it says."""
    return json.dumps(sealed(values), sort_keys=True, indent=indent) + "\n"


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return JSON values with a hash of all that they say."""
    return {**values, SEAL: _hash_of(values)}


def unsealed(text: str) -> dict[str, Any]:
    """Return what `sealed_text` made a text of.

    Raises:
        BrokenSealError: it says something else now.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenSealError(f"no JSON: {error}") from error
    if not isinstance(values, dict) or SEAL not in values:
        raise BrokenSealError("no hash of what it says")
    return without_seal(values)


def without_seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `sealed` was given; values without a seal as they are.

    Raises:
        BrokenSealError: they say something else now.
    """
    found = {key: value for key, value in values.items() if key != SEAL}
    if SEAL in values and values[SEAL] != _hash_of(found):
        raise BrokenSealError("its hash is not that of what it says")
    return found


def put_aside(path: Path) -> Path:
    """Rename what is not as it was written, so that it can be made again; return where it went.

    It stays beside its place, with `.damaged` at the end of its name, and a number if there is one
    already; whoever has no use for it may remove it. Another process may have done so before.

    Args:
        path: a file or a folder.

    Raises:
        UserError: it cannot be renamed.
    """
    aside = _free_name(path)
    try:
        path.rename(aside)
    except FileNotFoundError:
        return aside
    except OSError as error:
        raise UserError(
            f"{path}: damaged, and cannot be put aside ({error.strerror}); remove it"
        ) from error
    return aside


def _free_name(path: Path) -> Path:
    number = 0
    while True:
        aside = path.with_name(f"{path.name}.damaged{f'-{number}' if number else ''}")
        if not (aside.exists() or aside.is_symlink()):
            return aside
        number += 1


def _hash_of(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
