"""What a model's folder may hold, looked at before any library reads it."""

import stat
from collections.abc import Iterator
from pathlib import Path

from sau.assets.model_code import refuse_code
from sau.assets.model_shards import refuse_odd_shards
from sau.core.errors import UserError
from sau.storage.lfs_pointer import refuse_pointer

TEXT = frozenset({".json", ".txt", ".model", ".vocab", ".bpe", ".tiktoken", ".jinja"})
"""How names of tokenizers and configurations end, which libraries read whole."""

LONGEST_TEXT = 256 * 2**20
"""Bytes; the largest published tokenizers have 40 MB."""


def check_model_folder(folder: Path, key: str) -> None:
    """Refuse a folder whose files would lead a library astray, hang it or have it run code.

    Hidden files and folders are no part of a model and are not looked at.

    Args:
        folder: a model's, as libraries save it.
        key: the setting that names it, for the message.

    Raises:
        UserError: a link out of the folder or to nothing, what is neither file nor folder, a
            pointer of Git LFS, a tokenizer or configuration that is far too large, a configuration
            that asks to run code, or an index of weights that does not fit its files.
    """
    where = f"{key}: {folder}: "
    roots = _roots(folder)
    files = list(_files(folder, where, roots))
    for path in files:
        _refuse_file(path, f"{where}{path.relative_to(folder)}")
    for path in files:
        refuse_code(path, folder, where)
        refuse_odd_shards(path, folder, where)


def _roots(folder: Path) -> tuple[Path, ...]:
    """Return where the folder's links may lead.

    Hugging Face's cache keeps contents beside `snapshots/REVISION`, which has links to them.
    """
    real = folder.resolve()
    # One of a model's parts may be named, a folder of the snapshot.
    shared = (each.parent / "blobs" for each in real.parents if each.name == "snapshots")
    return real, *shared


def _files(folder: Path, where: str, roots: tuple[Path, ...]) -> Iterator[Path]:
    """Yield what is below a folder and is no folder, links checked; hidden ones are left out."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_symlink():
            _refuse_link(path, f"{where}{path.name}", roots)
        if not path.is_dir():
            yield path
        elif not path.is_symlink():  # what a link within the folder leads to is looked at itself
            yield from _files(path, f"{where}{path.name}/", roots)


def _refuse_link(link: Path, what: str, roots: tuple[Path, ...]) -> None:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"{what} is a link to {link.readlink()}, where nothing is; copy the file there"
        ) from error
    if not any(target.is_relative_to(root) for root in roots):
        raise UserError(
            f"{what} is a link to {target}, which is not part of the model's folder; copy the file "
            "in its place"
        )


def _refuse_file(path: Path, what: str) -> None:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"{what} is no file (a pipe or a device); copy the model again")
    if path.suffix in TEXT and status.st_size > LONGEST_TEXT:
        raise UserError(
            f"{what} has {status.st_size / 2**20:,.0f} MiB, expected at most "
            f"{LONGEST_TEXT // 2**20}; fetch or copy the model again"
        )
    refuse_pointer(path, what)
