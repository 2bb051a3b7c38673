"""Folders that `save_to_disk` of `datasets` wrote: Arrow files and what is said of them."""

import re
from pathlib import Path
from typing import Any

from sau.core.bounded_json import read_json
from sau.core.errors import UserError
from sau.sources.checks import existing_folder, read_text
from sau.sources.hub.split_names import TRAIN
from sau.sources.naming import quoted
from sau.storage.regular import leads_to_file

SPLITS_FILE, STATE_FILE = "dataset_dict.json", "state.json"

_SPLIT = re.compile(r"\w+(\.\w+)*")
_AGAIN = "write the data set by save_to_disk again"


def is_saved(folder: Path) -> bool:
    """Return whether `save_to_disk` wrote a folder, of one split or of several."""
    return any(leads_to_file(folder / name) for name in (SPLITS_FILE, STATE_FILE))


def saved_splits(folder: Path, key: str) -> dict[str, list[Path]]:
    """Return the Arrow files of each split that was saved, in the order of their rows.

    Args:
        folder: of a DatasetDict, or of a Dataset.
        key: the setting to name in errors.

    Raises:
        UserError: what stands in the folder is not what `save_to_disk` writes.
    """
    file = folder / SPLITS_FILE
    if not leads_to_file(file):
        name, files = _saved(folder, key)
        return {name or TRAIN: files}
    splits = _object(file, key).get("splits")
    if not isinstance(splits, list) or not splits or not all(map(_is_split, splits)):
        raise UserError(f"{key}: {file}: expected a list of names as its `splits`; {_AGAIN}")
    return {split: _saved(existing_folder(folder / split, key), key)[1] for split in splits}


def _saved(folder: Path, key: str) -> tuple[str | None, list[Path]]:
    """Return what a saved split is called, if it says so, and its files."""
    file = folder / STATE_FILE
    state = _object(file, key)
    if state.get("_indices_data_files"):
        raise UserError(
            f"{key}: {file}: rows chosen by a file of indices, as old releases of `datasets` "
            "wrote; load it and save it again by a later one"
        )
    entries = state.get("_data_files")
    entries = entries if isinstance(entries, list) else []
    names: list[Any] = [entry.get("filename") for entry in entries if isinstance(entry, dict)]
    if not names or len(names) != len(entries) or not all(map(_is_file_name, names)):
        raise UserError(f"{key}: {file}: expected the names of its Arrow files; {_AGAIN}")
    split = state.get("_split")
    return split if _is_split(split) else None, [folder / name for name in names]


def _object(file: Path, key: str) -> dict[str, Any]:
    try:
        found = read_json(read_text(file, key, f"{file.name} of save_to_disk"))
    except ValueError as error:
        raise UserError(f"{key}: {file}: not readable as JSON ({error}); {_AGAIN}") from error
    if not isinstance(found, dict):
        raise UserError(f"{key}: {file}: {quoted(str(found))}, expected an object; {_AGAIN}")
    return found


def _is_split(name: Any) -> bool:
    return isinstance(name, str) and bool(_SPLIT.fullmatch(name))


def _is_file_name(name: Any) -> bool:
    """Return whether a name is that of a file in the folder itself, and leads nowhere else."""
    return isinstance(name, str) and Path(name).name == name and "\0" not in name
