"""Tensors in a folder of files that is replaced as a whole, or not at all."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from sau.storage.files import write_bytes, write_text
from sau.storage.part_index import INDEX_FILE, UnreadablePartsError, read_index
from sau.storage.refused import check_file_is_to_blame
from sau.storage.sealed import sealed_text
from sau.storage.temporary import remove_left_behind

ROOM_FOR_HEADER = 500_000
"""Of a part, for the names and shapes of its tensors."""

_NAME = re.compile(r"\.?part-[0-9a-f]{16}\.safetensors(\.part)?")


def write_parts(
    folder: Path,
    tensors: Mapping[str, Tensor],
    about: Mapping[str, Any],
    part_bytes: int | None = None,
    room_for_header: int = ROOM_FOR_HEADER,
) -> None:
    """Write tensors and what is known of them; a kill leaves the former ones, or these.

    The parts are safetensors files named after their hashes: one, or as many as the limit asks for;
    a tensor may then be spread over several. They count once the index names them, which is written
    last and replaced at once; then those that it no longer names are removed.

    Args:
        folder: where to; made when it is missing. Files that are no parts are left alone.
        tensors: on the CPU, row-major, by name.
        about: JSON values.
        part_bytes: what no part reaches, above `room_for_header`; None: no limit.
        room_for_header: bytes of a part that its tensors leave free.

    Raises:
        UserError: a file cannot be written; the former parts are then still whole.
    """
    before = _parts_in(folder)
    split: dict[str, dict[str, Any]] = {}
    parts: list[dict[str, Any]] = []
    with ExitStack() as undo:
        undo.callback(lambda: _remove(folder, _parts_in(folder) - before))
        limit = None if part_bytes is None else part_bytes - room_for_header
        for pieces in _packed(tensors, split, limit):
            data = save(pieces)
            digest = hashlib.sha256(data).hexdigest()
            name = f"part-{digest[:16]}.safetensors"
            write_bytes(folder / name, data)
            parts.append({"file": name, "bytes": len(data), "sha256": digest})
        index = {"about": dict(about), "parts": parts, "split": split}
        write_text(folder / INDEX_FILE, sealed_text(index))
        undo.pop_all()
    _remove(folder, before - {part["file"] for part in parts})


def read_parts(folder: Path) -> dict[str, Tensor]:
    """Return the tensors that `write_parts` wrote, by name.

    Raises:
        UnreadablePartsError: a file that is missing, cut short or otherwise not as it was written.
        UserError: one that cannot be had at the moment.
    """
    index = read_index(folder)
    found: dict[str, Tensor] = {}
    for part in index["parts"]:
        found |= _read_part(folder / part["file"], part["bytes"], part["sha256"])
    for name, whole in index["split"].items():
        pieces = [found.pop(_piece_name(name, place)) for place in range(whole["pieces"])]
        found[name] = torch.cat(pieces).reshape(whole["shape"])
    return found


def remove_parts(folder: Path) -> None:
    """Remove index and parts, as far as they are there, and the folder if nothing else is in it."""
    (folder / INDEX_FILE).unlink(missing_ok=True)
    remove_left_behind(folder)
    _remove(folder, _parts_in(folder))


def _packed(
    tensors: Mapping[str, Tensor], split: dict[str, dict[str, Any]], limit: int | None
) -> Iterator[dict[str, Tensor]]:
    """Yield the tensors in groups that fill a part each, and note which of them were split.

    What does not fit into the rest of a part is cut there, flat.
    """
    total = sum(tensor.nbytes for tensor in tensors.values())
    limit = total if limit is None else limit
    group: dict[str, Tensor] = {}
    room = limit
    for name, tensor in tensors.items():
        if tensor.nbytes <= room:
            group[name] = tensor
            room -= tensor.nbytes
            continue
        rest, pieces = tensor.flatten(), 0
        while len(rest):
            piece, rest = rest.tensor_split([room // tensor.element_size()])
            group[_piece_name(name, pieces)] = piece.clone()
            room -= piece.nbytes
            pieces += 1
            if len(rest):
                yield group
                group, room = {}, limit
        split[name] = {"shape": list(tensor.shape), "pieces": pieces}
    if group:
        yield group


def _piece_name(name: str, place: int) -> str:
    # A separator that is in no tensor's name.
    return f"{name}\x1f{place}"


def _read_part(path: Path, size: int, digest: str) -> dict[str, Tensor]:
    try:
        data = path.read_bytes()
    except OSError as error:
        check_file_is_to_blame(path, error)
        raise UnreadablePartsError(f"{path.name}: {error.strerror}") from error
    if len(data) != size:
        raise UnreadablePartsError(f"{path.name}: {len(data)} bytes, expected {size}")
    if hashlib.sha256(data).hexdigest() != digest:
        raise UnreadablePartsError(f"{path.name}: damaged, its hash is not the one in the index")
    try:
        return load(data)
    except SafetensorError as error:
        raise UnreadablePartsError(f"{path.name}: {error}") from error


def _parts_in(folder: Path) -> set[str]:
    """Return the names of all parts in a folder, those that a kill has left half written too."""
    if not folder.is_dir():
        return set()
    return {path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)}


def _remove(folder: Path, names: set[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):  # it is not empty, or not there
        folder.rmdir()
