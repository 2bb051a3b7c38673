"""Which split a file belongs to, by its name and its folders, and whether all shards are there."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from sau.core.errors import UserError
from sau.sources.naming import natural_key, quoted, stable_name

TRAIN, VALIDATION, TEST = "train", "validation", "test"

_WORDS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("validation", "valid", "val", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), TEST),
}
"""What `datasets` takes for the name of a split, as a word of a file's or a folder's name."""

_SHARD = re.compile(r"(.+)-([0-9]{5,9})-of-([0-9]{5,9})(-[0-9a-f]+)?", re.ASCII)
_NAME = re.compile(r"\w+(\.\w+)*")
_NO_LETTERS = re.compile(r"[^A-Za-z]+")


def split_of(file: PurePath) -> str:
    """Return the split of a file, given relative to the data set's folder.

    As `datasets` has it: for shards in a folder `data`, what stands before their number; else by a
    word of the file's name, or of its innermost folder that has one; else `train`.
    """
    stem = file.name.split(".")[0]
    shard = _SHARD.fullmatch(stem)
    if shard and file.parent.name == "data" and _NAME.fullmatch(shard[1]):
        return _WORDS.get(shard[1].lower(), shard[1])
    for text in (stem, *reversed(file.parts[:-1])):
        named = split_named(text)
        if named:
            return named
    return TRAIN


def split_named(text: str) -> str | None:
    """Return the split that a word of a name means, None if there is no such word."""
    words = _NO_LETTERS.split(text.lower())
    return next((_WORDS[word] for word in words if word in _WORDS), None)


def in_splits(files: Iterable[Path], folder: Path, key: str) -> dict[str, list[Path]]:
    """Return the files of each split in their order: by number or, without one, natural.

    Args:
        files: below `folder`.
        folder: the data set's.
        key: the setting to name in errors.

    Raises:
        UserError: a shard is missing, or the numbered shards of one split are of several sets, or
            beside other files.
    """
    found: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        found[split_of(file.relative_to(folder))].append(file)
    for split, own in found.items():
        own.sort(key=lambda file: natural_key(stable_name(file.relative_to(folder))))
        _check_shards(split, own, folder, key)
    return dict(found)


def _check_shards(split: str, files: Sequence[Path], folder: Path, key: str) -> None:
    """Refuse numbered shards that are not all there, or of two sets at once."""
    matches = [(file, _SHARD.fullmatch(file.name.split(".")[0])) for file in files]
    sets = defaultdict(list)
    for file, match in matches:
        if match:
            sets[file.parent, match[1], int(match[3])].append(int(match[2]))
    if len(sets) > 1:
        (first, *_), (second, *_) = sorted(sets)[:2]
        places = f"{first} and {second}" if first != second else str(first)
        raise UserError(
            f"{key}: {folder}: split {quoted(split)} has shards of several sets, in {places}; set "
            "it to the folder of one of them"
        )
    other = next((file for file, match in matches if not match), None)
    if sets and other is not None:
        raise UserError(
            f"{key}: {folder}: split {quoted(split)} has numbered shards, and beside them "
            f"{stable_name(other.relative_to(folder))}, which may hold the same images; move the "
            "one or the other away"
        )
    for (parent, name, total), numbers in sets.items():
        missing = next((n for n in range(total) if n not in set(numbers)), None)
        if missing is not None or len(numbers) != total:
            number = max(numbers) if missing is None else missing
            raise UserError(
                f"{key}: {parent}: of {quoted(name)} there should be the {total} shards 0 to "
                f"{total - 1}, but shard {number} is "
                f"{'missing' if missing is not None else 'no such one'}; fetch all of them again"
            )
