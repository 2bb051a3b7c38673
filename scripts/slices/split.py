"""Large files in pieces that are small enough to be moved."""

import hashlib
import json
from pathlib import Path

from sau.core.errors import UserError
from sau.storage.files import write_bytes, write_text
from scripts.slices.jobs import PART_BYTES


def split_file(path: Path, part_bytes: int = PART_BYTES) -> None:
    """Cut a file of `part_bytes` or more into `NAME.0`, `NAME.1`, and so on, and remove it.

    `NAME.pieces.json` lists the SHA-256 of each piece. Other than the parts of a checkpoint, which
    the training stage is told to keep as small, they are cut and joined without PyTorch, which
    `run` may never load.
    """
    if path.stat().st_size < part_bytes:
        return
    digests = []
    with path.open("rb") as file:
        for place, piece in enumerate(iter(lambda: file.read(part_bytes - 1), b"")):
            write_bytes(_piece(path, place), piece)
            digests.append(hashlib.sha256(piece).hexdigest())
    # Before the file goes: a kill leaves the file, or pieces of which none is missing.
    write_text(_list_of(path), json.dumps({"sha256": digests}) + "\n")
    path.unlink()


def joined(path: Path) -> bytes:
    """Return the bytes of a file, whether it is whole or cut into pieces.

    Raises:
        UserError: neither of them, or a piece that is missing or not as it was written.
    """
    if path.exists():
        return path.read_bytes()
    pieces = [
        _checked(_piece(path, place), digest) for place, digest in enumerate(_digests_of(path))
    ]
    return b"".join(pieces)


def _digests_of(path: Path) -> list[str]:
    try:
        return list(json.loads(_list_of(path).read_text(encoding="utf-8"))["sha256"])
    except FileNotFoundError as error:
        raise _lost(_list_of(path), f"missing, as is {path.name}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _lost(_list_of(path), "no list of pieces") from error


def _checked(piece: Path, digest: str) -> bytes:
    try:
        data = piece.read_bytes()
    except FileNotFoundError as error:
        raise _lost(piece, "missing") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise _lost(piece, "not as it was written, by its SHA-256")
    return data


def _lost(path: Path, what: str) -> UserError:
    return UserError(f"{path}: {what}; copy it again, or remove {path.parent} to do without it")


def _piece(path: Path, place: int) -> Path:
    return path.with_name(f"{path.name}.{place}")


def _list_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.pieces.json")
