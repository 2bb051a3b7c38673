"""Large files in pieces that are small enough to be moved."""

from pathlib import Path

from sau.files import write_bytes
from sau.training.part_index import PART_BYTES


def split_file(path: Path) -> None:
    """Cut a file of more than `PART_BYTES` into `NAME.0`, `NAME.1`, and so on, and remove it."""
    if path.stat().st_size < PART_BYTES:
        return
    with path.open("rb") as file:
        for place, piece in enumerate(iter(lambda: file.read(PART_BYTES - 1), b"")):
            write_bytes(_piece(path, place), piece)
    path.unlink()


def joined(path: Path) -> bytes:
    """Return the bytes of a file, whether it is whole or cut into pieces.

    Raises:
        FileNotFoundError: neither of them.
    """
    if path.exists():
        return path.read_bytes()
    pieces: list[bytes] = []
    while _piece(path, len(pieces)).exists():
        pieces.append(_piece(path, len(pieces)).read_bytes())
    if not pieces:
        raise FileNotFoundError(path)
    return b"".join(pieces)


def _piece(path: Path, place: int) -> Path:
    return path.with_name(f"{path.name}.{place}")
