"""The index of a folder of parts: what it holds, readable without PyTorch."""

from pathlib import Path
from typing import Any

from sau.storage.refused import check_file_is_to_blame
from sau.storage.sealed import unsealed

INDEX_FILE = "checkpoint.json"


class UnreadablePartsError(Exception):
    """A folder of parts that cannot be read; the message says which file is wrong, and how."""


class NoPartsError(UnreadablePartsError):
    """A folder without an index: none of its parts counts, if there are any."""


def read_index(folder: Path) -> dict[str, Any]:
    """Return the index: `parts`, `split`, and `about` the tensors (see `parts.write_parts`).

    Raises:
        NoPartsError: there is no index.
        UnreadablePartsError: a damaged one.
        UserError: it cannot be had at the moment.
    """
    try:
        index = unsealed((folder / INDEX_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NoPartsError(f"{INDEX_FILE}: {error.strerror}") from error
    except (OSError, ValueError) as error:
        check_file_is_to_blame(folder / INDEX_FILE, error)
        raise UnreadablePartsError(f"{INDEX_FILE}: {error}") from error
    if not {"about", "parts", "split"} <= set(index):
        raise UnreadablePartsError(f"{INDEX_FILE}: not an index of parts")
    return index


def read_about(folder: Path) -> dict[str, Any]:
    """Return what `parts.write_parts` was told of the tensors, without a look at them.

    Raises:
        NoPartsError: there is no index.
        UnreadablePartsError: a damaged one.
        UserError: it cannot be had at the moment.
    """
    about: dict[str, Any] = read_index(folder)["about"]
    return about
