"""Which splits a folder holds, and the files of each."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from sau.core.errors import UserError
from sau.sources.checks import existing_folder
from sau.sources.hub.cache import in_cache
from sau.sources.hub.path_list import LISTS
from sau.sources.hub.saved import is_saved, saved_splits
from sau.sources.hub.split_names import TRAIN, in_splits
from sau.sources.naming import nearest, stable_name
from sau.storage.regular import leads_to_file
from sau.storage.walk import below

log = logging.getLogger(__name__)

_KINDS = {
    ".parquet": "Parquet",
    ".tar": "WebDataset",
    ".csv": "CSV",
    ".tsv": "CSV",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
    ".json": "JSON",
    ".arrow": "Arrow",
}
_EXPECTED = (
    "expected Parquet files, WebDataset's .tar, lists in .csv, .tsv, .jsonl or .json, or what "
    "save_to_disk writes"
)
_COMPRESSED = frozenset({".gz", ".bz2", ".xz", ".zst"})
_NO_LISTS = frozenset(
    {"dataset_info.json", "dataset_infos.json", "info.json", "provenance.json", "config.json"}
)
"""JSON files that say something about a data set, and are none."""


def splits_of(folder: Path, key: str) -> dict[str, list[Path]]:
    """Return the files of each split of a data set, in the order of their rows.

    Args:
        folder: what `save_to_disk` wrote, of one split or of several; or a folder as the Hub has
            them, with files of one kind at any depth. Hidden files are left out. Of a repository in
            the Hub's cache, the revision that `in_cache` returns.
        key: the setting to name in errors.

    Raises:
        UserError: no such folder, no data in it, files of several kinds, compressed ones, shards
            that are missing or of several sets, or a file that links lead to again.
    """
    existing_folder(folder, key)
    folder = in_cache(folder, key)
    if is_saved(folder):
        return saved_splits(folder, key)
    splits = in_splits(_files_of_one_kind(folder, key), folder, key)
    for files in splits.values():
        _refuse_the_same_twice(files, folder, key)
    return splits


def choose_split(
    splits: Mapping[str, Sequence[Path]], wanted: str, folder: Path, key: str
) -> tuple[str, list[Path]]:
    """Return the name and the files of the wanted split; of none wanted, train or the only one.

    Args:
        splits: as `splits_of` returns them.
        wanted: its name, or nothing.
        folder: the data set's, for messages.
        key: the setting that names the split.

    Raises:
        UserError: there is no such split, or none is wanted and there are several without train.
    """
    if not wanted and len(splits) == 1:
        wanted = next(iter(splits))
    name = wanted or TRAIN
    if name not in splits:
        asked = repr(name) if wanted else f"{TRAIN!r}, and none is named"
        raise UserError(f"{key}: {folder}: no split {asked}; {nearest(name, list(splits))}")
    return name, list(splits[name])


def _files_of_one_kind(folder: Path, key: str) -> list[Path]:
    kinds: dict[str, list[Path]] = defaultdict(list)
    for path in below(folder, _refuse):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or path.name in _NO_LISTS or not leads_to_file(path):
            continue
        _refuse_compressed(path, folder, key)
        kind = _KINDS.get(path.suffix.lower())
        if kind:
            kinds[kind].append(path)
    if len(kinds) > 1:
        _leave_out_json(kinds, folder)
    if len(kinds) > 1:
        some = " and ".join(stable_name(files[0].relative_to(folder)) for files in kinds.values())
        raise UserError(
            f"{key}: {folder}: files of several kinds, such as {some}; expected one, move the "
            "others away"
        )
    if not kinds:
        raise UserError(f"{key}: {folder}: no data set found; {_EXPECTED}")
    ((kind, files),) = kinds.items()
    if kind == "Arrow":
        raise UserError(
            f"{key}: {folder}: {files[0].name} without a state.json beside it, so it may be of the "
            "cache of `datasets`, with copies; write the data set by save_to_disk"
        )
    return files


def _refuse_compressed(path: Path, folder: Path, key: str) -> None:
    """Refuse a compressed list or tar, whose rows would be missing."""
    inner, suffix = Path(path.stem).suffix.lower(), path.suffix.lower()
    if (suffix in _COMPRESSED and inner in _KINDS) or suffix == ".tgz":
        raise UserError(
            f"{key}: {folder}: {stable_name(path.relative_to(folder))} is compressed, so its rows "
            "would be left out; unpack it, or move it away"
        )


def _refuse_the_same_twice(files: Sequence[Path], folder: Path, key: str) -> None:
    """Refuse a file of a split that is reached twice, so that its images would count twice."""
    seen: dict[Path, Path] = {}
    for file in files:
        # A list beside other images is another one, even where the Hub's cache has it once.
        is_list = file.suffix.lower() in LISTS
        real = file.parent.resolve() / file.name if is_list else file.resolve()
        first = seen.setdefault(real, file)
        if first is not file:
            names = (stable_name(one.relative_to(folder)) for one in (first, file))
            raise UserError(
                f"{key}: {folder}: {' and '.join(names)} are one file, whose images would count "
                "twice; remove the link, or set it to the folder of one of them"
            )


def _leave_out_json(kinds: dict[str, list[Path]], folder: Path) -> None:
    """Take single JSON files for remarks where there are files of another kind, and say so."""
    for path in kinds.pop("JSON", []):
        log.warning("%s: left out %s, which is taken for a remark", folder, path.name)


def _refuse(error: OSError) -> None:
    raise UserError(
        f"{error.filename}: the folder cannot be read ({error.strerror}); change its permissions "
        "or its links, or move it elsewhere"
    ) from error
