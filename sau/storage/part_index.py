"""The index of a folder of parts: what it holds, readable without PyTorch."""

import json
from pathlib import Path
from typing import Any

INDEX_FILE = "checkpoint.json"


class UnreadablePartsError(Exception):
    """A folder of parts that cannot be read; the message says which file is wrong, and how."""


def read_index(folder: Path) -> dict[str, Any]:
    """Return the index: `parts`, `split`, and `about` the tensors (see `parts.write_parts`).

    Raises:
        UnreadablePartsError: no index, or a damaged one.
    """
    try:
        index: dict[str, Any] = json.loads((folder / INDEX_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadablePartsError(f"{INDEX_FILE}: {error}") from error
    if not isinstance(index, dict) or not {"about", "parts", "split"} <= set(index):
        raise UnreadablePartsError(f"{INDEX_FILE}: not an index of parts")
    return index


def read_about(folder: Path) -> dict[str, Any]:
    """Return what `parts.write_parts` was told of the tensors, without a look at them.

    Raises:
        UnreadablePartsError: no index, or a damaged one.
    """
    about: dict[str, Any] = read_index(folder)["about"]
    return about
