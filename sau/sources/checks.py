"""What every source must hold to: paths that exist, labels in range, ids once, images enough."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sau.core.errors import UserError
from sau.sources.naming import quoted
from sau.sources.record import Listing, Rows
from sau.storage.regular import read_regular

MAX_TEXT_BYTES = 2**28
"""Of a split file or a file of names: that of all of ImageNet has a sixth of it."""


def existing_folder(folder: Path, key: str) -> Path:
    """Return `folder` if it is one; raises UserError that names the setting `key`."""
    if not os.path.lexists(folder):
        raise UserError(f"{key}: {folder}: no such folder; expected the folder of the images")
    mode = _mode_of(folder, key, "the folder of the images")
    if not stat.S_ISDIR(mode):
        raise UserError(f"{key}: {folder}: a file, expected the folder of the images")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise UserError(f"{key}: {folder}: the folder cannot be read; change its permissions")
    return folder


def existing_file(file: Path, key: str, kind: str = "Parquet file") -> Path:
    """Return `file` if it is one; raises UserError that names the setting `key` and the kind."""
    if not os.path.lexists(file):
        raise UserError(f"{key}: {file}: no such file; expected a {kind}")
    mode = _mode_of(file, key, f"a {kind}")
    if not stat.S_ISREG(mode):
        found = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise UserError(f"{key}: {file}: {found}, expected one {kind}")
    return file


def _mode_of(path: Path, key: str, expected: str) -> int:
    """Return the mode of what a path leads to; raises UserError that says what was expected."""
    try:
        return path.stat().st_mode
    except OSError as error:
        raise UserError(
            f"{key}: {path}: cannot be read ({error.strerror or error}); expected {expected}, fix "
            "the path, or what it links to"
        ) from error


def read_text(file: Path, key: str, kind: str) -> str:
    """Return the text of a file in UTF-8, with a byte order mark or without.

    Args:
        file: the file.
        key: the setting to name in errors.
        kind: what the file is, for errors.

    Raises:
        UserError: no such file, one that cannot be read, or bytes that are not UTF-8.
    """
    try:
        return read_regular(existing_file(file, key, kind), MAX_TEXT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{key}: {file}: not a text file in UTF-8 ({error.reason}); save it as UTF-8"
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise UserError(
            f"{key}: {file}: cannot be read ({reason}); expected a {kind}, change its permissions "
            "or copy it again"
        ) from error


def check_label_range(labels: Rows, classes: int, where: str) -> None:
    """Refuse labels below 0 or at `classes` and above, with the first row that has one."""
    outside = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(outside):
        row = int(outside[0])
        from_1 = classes and labels.min() == 1 and labels.max() == classes
        advice = "labels seem to count from 1: subtract 1" if from_1 else "fix the labels"
        raise UserError(
            f"{where}: label {labels[row]} in row {row}, expected 0 to {classes - 1} as there are "
            f"{classes} classes ({len(outside)} such rows); {advice}, or fix the class names"
        )


def check_unique(ids: Sequence[str], where: str) -> None:
    """Refuse ids that come twice, with the first of them."""
    if len(set(ids)) == len(ids):
        return
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise UserError(
                f"{where}: id {quoted(name)} comes twice; each image needs a name or an id of its "
                "own"
            )
        seen.add(name)


def counts_of(listing: Listing, classes: int) -> Rows:
    """Return the number of images of each class, int64, shape (classes,)."""
    return np.bincount(listing.labels, minlength=classes).astype(np.int64)


def by_class(listing: Listing) -> Listing:
    """Return the listing sorted by class; within a class the order stays."""
    return listing.take(np.argsort(listing.labels, kind="stable"))


def first_of_each_class(
    listing: Listing, limit: int | None, class_names: Sequence[str], key: str
) -> Listing:
    """Return the first `limit` images of each class, or all of them if None.

    Raises:
        UserError: a class has fewer; it names the setting `key`.
    """
    if limit is None:
        return listing
    counts = counts_of(listing, len(class_names))
    short = np.flatnonzero(counts < limit)
    if len(short):
        label = int(short[0])
        raise UserError(
            f"{key}: {limit} is more images than exist: class {class_names[label]!r} has "
            f"{counts[label]}; ask for at most {int(counts.min())}, or null for all"
        )
    ordered = by_class(listing)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return ordered.take(np.concatenate([np.arange(s, s + limit) for s in starts]))
