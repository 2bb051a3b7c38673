"""What the personalise stage hands to the images stage: a folder of files, and their record."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.belonging import recorded_hashes
from sau.storage.files import file_sha256, write_text
from sau.storage.place import refuse_other_place
from sau.storage.sealed import BrokenSealError, sealed_text, unsealed

RECORD = "record.json"

LEARNED_CLASSES = "classes.reuse"
"""A folder beside the shards, in which `CLASS/IDENTITY.safetensors` outlives them."""

HEADER_ENTRY = "sau"
"""The one entry in the header of files that the stage writes."""


class Learned(NamedTuple):
    """What was learned of one class.

    Attributes:
        key: the setting of the section `images` that loads it.
        path: its file.
        model: for which it was learned, as the settings had it.
        weights_sha256: of that model.
        settings: of the section `personalise`, but for the number of shards.
    """

    key: str
    path: Path
    model: str
    weights_sha256: str
    settings: Mapping[str, Any]


def write_record(
    folder: Path, key: str, files: Mapping[str, str], model: str, made: Mapping[str, Any]
) -> None:
    """Write the record of a folder.

    Args:
        folder: that holds the files.
        key: the setting of the section `images` that loads them.
        files: their names by class.
        model: that they were learned for.
        made: provenance, with `weights_sha256` of the model.
    """
    of_file = {file: file_sha256(folder / file) for file in set(files.values())}
    hashes = {name: {"file": file, "sha256": of_file[file]} for name, file in files.items()}
    values = {"key": key, "model": model, "classes": hashes, "provenance": dict(made)}
    write_text(folder / RECORD, sealed_text(values, indent=2))


def read_record(folder: Path) -> dict[str, Any]:
    """Return the record of a folder.

    Raises:
        UserError: there is none, or it is not as it was written.
    """
    try:
        return unsealed((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = str(error) if isinstance(error, BrokenSealError) else type(error).__name__
        raise UserError(
            f"{folder}: no folder of the personalise stage as it was written ({why}); run that "
            "stage again"
        ) from error


def is_learned(path: Path) -> bool:
    """Return whether a safetensors file says that the personalise stage, of any run, wrote it.

    Returns: False of a file that does not load, too.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return HEADER_ENTRY in (file.metadata() or {})
    except (OSError, SafetensorError):
        return False


def refuse_learned_elsewhere(folders: Sequence[Path], train_images: Path) -> None:
    """Refuse what was learned from other images than those of this run, or lies in another's place.

    Args:
        folders: of the personalise stage.
        train_images: manifest of the run's real training images.

    Raises:
        UserError: a folder that was, by the hash that it records, or is not as it was written.
    """
    about = manifest.read_metadata(train_images)
    own = {about["content_sha256"], about["provenance"].get("selected_from")}
    for folder in folders:
        made = read_record(folder)["provenance"]
        refuse_other_place(folder, made)
        seen = recorded_hashes(made, "tails.train_images")
        if seen and own.isdisjoint(seen):
            raise UserError(
                f"{folder}: learned from other images than those of {train_images}, by the hash "
                "that it records; run the personalise stage again, or put the right folder back"
            )


def learned_of(folders: Sequence[Path]) -> dict[str, Learned]:
    """Return what was learned, by class.

    Raises:
        UserError: a folder or a file that is not as it was written.
    """
    found = {}
    for folder in folders:
        record = read_record(folder)
        made = record["provenance"]
        settings = {key: value for key, value in made["settings"].items() if key != "shards"}
        hashes: dict[Path, str] = {}
        for name, own in record["classes"].items():
            path = folder / own["file"]
            if path not in hashes:
                hashes[path] = file_sha256(path) if path.is_file() else ""
            if hashes[path] != own["sha256"]:
                raise UserError(f"{path}: not as it was written; run the personalise stage again")
            found[name] = Learned(
                record["key"], path, record["model"], made["weights_sha256"], settings
            )
    return found
