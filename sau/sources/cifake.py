"""CIFAKE (Bird and Lotfi, IEEE Access 2024): CIFAR-10's real images and synthetic ones."""

import re
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from sau.core.errors import UserError
from sau.sources.checks import check_label_range, check_unique
from sau.sources.image_folder import images_below
from sau.sources.labels import labels_from_indices
from sau.sources.parquet_table import open_parquet, payloads_of, read_columns
from sau.sources.record import Listing, Rows, listing_of_files
from sau.sources.table_columns import check_columns, check_image_type
from sau.storage.regular import leads_to_file, leads_to_folder

CLASS_NAMES = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
]
"""CIFAR-10's, in label order."""

_NAME = re.compile(r"([0-9]+)(?: \(([0-9]+)\))?")


def list_cifake(
    folder: Path, split: Literal["train", "test"], kind: Literal["REAL", "FAKE"], key: str
) -> Listing:
    """List one part of CIFAKE, from its Parquet file if there is one, else from the public tree.

    Args:
        folder: holds `train_real.parquet` and the like, or `train/REAL/0000 (2).jpg` and the like.
        split: train or test.
        kind: REAL or FAKE.
        key: the setting to name in errors.

    Returns: ids `<real|synthetic>/<split>/<label>/<index>`, the same for both forms, by label and
        index.

    Raises:
        UserError: neither form is there, a damaged table, a name or label outside of its form, or
            an image twice.
    """
    file = folder / f"{split}_{kind.lower()}.parquet"
    tree = folder / split / kind
    prefix = f"{'real' if kind == 'REAL' else 'synthetic'}/{split}"
    if leads_to_file(file):
        listing = _list_parquet(file, prefix, key)
    elif leads_to_folder(tree):
        listing = _list_tree(tree, prefix, key)
    else:
        raise UserError(
            f"{key}: {folder}: no CIFAKE {split} images; "
            f"expected {file.name} or the folder {split}/{kind} in it"
        )
    check_unique(listing.ids, f"{key}: {folder}")
    return listing


def _list_parquet(file: Path, prefix: str, key: str) -> Listing:
    where = f"{key}: {file}"
    schema = open_parquet(file, key).schema_arrow
    check_columns(schema, ["label", "index", "image"], where)
    check_image_type(schema.field("image"), where)
    table = read_columns(file, ["label", "index"], key)
    labels, indices = (_whole_numbers(table, name, where) for name in ("label", "index"))
    check_label_range(labels, len(CLASS_NAMES), where)
    rows = np.lexsort((indices, labels)).astype(np.int64)
    ids = [_id(prefix, labels[row], indices[row]) for row in rows]
    return Listing(ids, labels[rows], rows, payloads_of(file, "image", None, key))


def _whole_numbers(table: pa.Table, name: str, where: str) -> Rows:
    kind = table[name].type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise UserError(f"{where}: column {name!r} is of type {kind}; expected whole numbers")
    return labels_from_indices(table[name], f"{where}: column {name!r}")


def _list_tree(tree: Path, prefix: str, key: str) -> Listing:
    found = [(*_parse(name, tree, key), file) for name, file in images_below(tree)]
    if not found:
        raise UserError(f"{key}: {tree}: no images found; expected 0000.jpg, 0000 (2).jpg, ...")
    found.sort()
    ids = [_id(prefix, label, index) for label, index, _ in found]
    labels = np.array([label for label, _, _ in found], dtype=np.int64)
    return listing_of_files(ids, labels, [file for _, _, file in found])


def _parse(name: str, tree: Path, key: str) -> tuple[int, int]:
    """Return (label, index) of a file name; no suffix is class 0, `(2)` is 1, ..., `(10)` is 9."""
    match = _NAME.fullmatch(Path(name).stem)
    number = int(match[2] or 1) if match else 0
    if not match or "/" in name or match[2] == "1" or not 1 <= number <= len(CLASS_NAMES):
        raise UserError(
            f"{key}: {tree}: {name!r} is no name of CIFAKE; expected 0000.jpg for class 0 and "
            "0000 (2).jpg to 0000 (10).jpg for classes 1 to 9; move it away or rename it"
        )
    return number - 1, int(match[1])


def _id(prefix: str, label: int, index: int) -> str:
    return f"{prefix}/{label}/{index:04d}"
