"""The models that are shipped with the project, and digests of files from outside."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from sau.core.errors import UserError
from sau.storage.regular import leads_to_file
from sau.storage.walk import below

ASSETS = Path(__file__).parent
SHIPPED = ("tiny-glide", "tiny-clip")


def model_folder(name: str, key: str) -> Path:
    """Return the folder of a shipped model, or `name` itself as a folder.

    Args:
        name: a name in `SHIPPED`, or a folder.
        key: the setting that holds the name, for the message.

    Raises:
        UserError: there is no such folder.
    """
    folder = ASSETS / name if name in SHIPPED else Path(name)
    if not folder.is_dir():
        raise UserError(
            f"{key}: no folder {folder}; give a folder with the model, "
            f"or one that is shipped: {', '.join(SHIPPED)}"
        )
    return folder


def fingerprint(names: Iterable[str]) -> str:
    """Return 16 hex digits that change when a file of these files, folders or models does.

    Contents are not read: a file is known by its name, size and time of change. Names that are no
    file, folder or shipped model (a model of open_clip, an empty setting) count as their text.
    Hidden files, which file managers write over, do not count, and neither do unreadable folders.
    """
    digest = hashlib.sha256()
    for name in names:
        root = ASSETS / name if name in SHIPPED else Path(name)
        digest.update(f"{name}\x1e".encode())
        for path in _files(root) if name else ():
            status = path.stat()
            about = f"{path.relative_to(root)}\x1f{status.st_size}\x1f{status.st_mtime_ns}\x1e"
            digest.update(os.fsencode(about))  # names need not be UTF-8
    return digest.hexdigest()[:16]


def weights_sha256(folder: Path) -> str:
    """Return one SHA-256 over the names and contents of a model folder's files, hidden ones not."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    """Yield the files below a folder, or the file itself, in the order of their names.

    Hidden files and what hidden folders hold are left out: file managers and downloads write there,
    and what is drawn or scored does not depend on them.
    """
    if leads_to_file(root):
        yield root
        return
    for path in below(root, lambda _: None):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if not hidden and leads_to_file(path):
            yield path
