"""Whether a manifest was made for the folder in which it lies."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sau.core.errors import UserError

_FOLDERS = {
    "imbalance": "requested_imbalance_factor",
    "data-seed": "data_seed",
    "seed": "seed",
}
"""What the names of folders begin with, and the fact of the provenance that follows there."""

_FOLDER = re.compile(rf"({'|'.join(_FOLDERS)})-(as-is|[0-9.]+(?:e\+?[0-9]+)?)")
_SHARD = re.compile(r"shard-([0-9]+)")


def refuse_other_place(path: Path, provenance: Mapping[str, Any]) -> None:
    """Refuse a manifest that was made for another imbalance factor, seed, row or shard.

    Only folders as the workflow makes them are looked at: `RUN/imbalance-100/data-seed-0/seed-1`
    right above the file, and files called `shard-3`. What provenance does not say is not asked for.

    Raises:
        UserError: it lies where another one belongs.
    """
    for fact, expected in _expected(path):
        found = provenance.get(fact)
        if found not in (None, "") and not _is_same(str(found), expected):
            raise UserError(
                f"{path}: lies where {fact.replace('_', ' ')} {expected} belongs, but was made for "
                f"{found}; put the right file there, or run its stage again"
            )


def _expected(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the facts that a path tells, with their values."""
    if shard := _SHARD.fullmatch(path.stem):
        yield "shard", shard[1]
    seen: set[str] = set()
    for folder in path.parents:
        match = _FOLDER.fullmatch(folder.name)
        if match is None:
            # Without a name is the folder that the process is in, or one above it.
            if seen == set(_FOLDERS) and folder.name not in ("", ".."):
                yield "run", folder.name
            return
        seen.add(match[1])
        yield _FOLDERS[match[1]], match[2]


def _is_same(found: str, expected: str) -> bool:
    try:
        return float(found) == float(expected)
    except ValueError:
        return found == expected
