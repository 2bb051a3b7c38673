"""Images of classes that are known already: folders called by them, and label columns."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from sau.core.errors import UserError
from sau.sources.checks import existing_folder
from sau.sources.class_match import labels_of_names
from sau.sources.image_folder import class_folders, list_class_folders
from sau.sources.labels import labels_for_classes, read_labels
from sau.sources.naming import stable_name
from sau.sources.parquet_table import open_parquet, read_columns
from sau.sources.parts import refuse_parts
from sau.sources.record import Listing, Rows
from sau.sources.table_columns import check_columns


def list_known_folders(folder: Path, class_names: Sequence[str], prefix: str, key: str) -> Listing:
    """List the images in a folder for each class, whose names are matched with known ones.

    Args:
        folder: holds the class folders.
        class_names: in label order.
        prefix: what ids begin with.
        key: the setting to name in errors.

    Raises:
        UserError: no such folder, no image, a name that is no class, or two of one class.
    """
    refuse_parts(existing_folder(folder, key), key)
    folders = class_folders(folder, key)
    names = [stable_name(Path(path.name)) for path in folders]
    seen: dict[int, str] = {}
    labels = labels_of_names(names, class_names, f"{key}: {folder}")
    for name, label in zip(names, labels, strict=True):
        if label in seen:
            raise UserError(
                f"{key}: {folder}: folders {seen[label]!r} and {name!r} are both of class "
                f"{class_names[label]!r}; put their images into one"
            )
        seen[label] = name
    return list_class_folders(folders, labels, prefix, key)


def known_labels(
    column: pa.ChunkedArray,
    schema: pa.Schema,
    label_column: str,
    class_names: Sequence[str],
    where: str,
) -> Rows:
    """Return the labels, int64 (N,), of a label column in the order of known classes.

    Args:
        column: names of classes, or indices.
        schema: of its table, which may name the indices' classes.
        label_column: what the column is called.
        class_names: in label order.
        where: what to blame.

    Raises:
        UserError: a row without a label, or one that is no class.
    """
    return labels_for_classes(read_labels(column, schema, label_column, where), class_names, where)


def known_labels_in(table: Path, label_column: str, class_names: Sequence[str], key: str) -> Rows:
    """Return the same of a column of a Parquet file."""
    schema = open_parquet(table, key).schema_arrow
    where = f"{key}: {table}"
    check_columns(schema, [label_column], where)
    column = read_columns(table, [label_column], key)[label_column]
    return known_labels(column, schema, label_column, class_names, where)
