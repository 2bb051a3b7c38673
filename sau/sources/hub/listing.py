"""The images of a split: labels and ids of all its files, and their bytes by rows."""

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath

import numpy as np
import pyarrow as pa

from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.sources.hub.arrow_file import open_arrow
from sau.sources.hub.part import Part, open_parquet_part
from sau.sources.hub.path_list import FILE_NAME, IMAGE, open_list
from sau.sources.hub.split_names import split_named
from sau.sources.hub.web_dataset import open_tar
from sau.sources.labels import hugging_face_names
from sau.sources.naming import quoted
from sau.sources.record import Listing, Payload, Rows
from sau.sources.rows_in_order import payload_of, rows_in_order, schema_of_rows
from sau.sources.table_columns import (
    ID_COLUMN,
    Columns,
    check_columns,
    check_image_type,
    ids_of,
    is_text,
)

LabelsOf = Callable[[pa.ChunkedArray, pa.Schema], Rows]


@dataclasses.dataclass(frozen=True)
class Split:
    """The files of a split in a folder, whose columns fit together; `where` is for messages."""

    folder: Path
    name: str
    parts: Sequence[Part]
    columns: Columns
    where: str


def open_split(folder: Path, name: str, files: Sequence[Path], columns: Columns, key: str) -> Split:
    """Open the files of a split; images are not read.

    Args:
        folder: the data set's.
        name: the split's.
        files: in the order of their rows, at least one.
        columns: what their columns are called. Where there is no `image`, `file_name` is taken.
        key: the setting to name in errors.

    Raises:
        UserError: a file that is missing, damaged or of another form, a column that is not there or
            not of images, or ClassLabel names that differ between files.
    """
    parts = [_open(file, columns, key) for file in files]
    known = parts[0].schema.names
    if columns.image == IMAGE and columns.image not in known and FILE_NAME in known:
        columns = dataclasses.replace(columns, image=FILE_NAME)
    wanted = columns.in_table(parts[0].schema)
    for part in parts:
        at = f"{key}: {part.file}"
        check_columns(part.schema, wanted, at)
        field = part.schema.field(columns.image)
        check_image_type(field, at)
        if is_text(field.type) != is_text(parts[0].schema.field(columns.image).type):
            raise UserError(
                f"{at}: column {field.name!r} is of type {field.type}, unlike that of "
                f"{parts[0].file.name}; expected paths in both, or images in both"
            )
        if is_text(field.type) and not part.names_files:
            raise UserError(f"{at}: column {field.name!r} holds paths; expected the images' bytes")
        names = [hugging_face_names(one.schema, columns.label) for one in (part, parts[0])]
        if is_text(field.type):
            _refuse_paths_of_other_splits(part, columns.image, name, folder, at)
        if names[0] != names[1]:
            raise UserError(
                f"{at}: its ClassLabel names are not those of {parts[0].file.name}; the files of a "
                "split must have the same"
            )
    return Split(folder, name, parts, columns, f"{key}: {folder}, split {name!r}")


def list_split(split: Split, labels_of: LabelsOf, prefix: str) -> Listing:
    """List the images of a split; nothing but labels and ids is read.

    Args:
        split: as `open_split` returns it.
        labels_of: turns the label column into int64 labels, shape (rows,).
        prefix: what ids begin with: `real` or `synthetic`.

    Returns: rows in the order of the files; ids `<prefix>/<split>/<row>`, or those of an id column.

    Raises:
        UserError: a damaged file, label or id columns that do not fit, an id twice, or no rows.
    """
    schema, columns = split.parts[0].schema, split.columns
    has_ids = bool(columns.id) and columns.id in columns.in_table(schema)
    wanted = list(dict.fromkeys([columns.label, *([columns.id] if has_ids else [])]))
    tables = [part.read(wanted) for part in split.parts]
    table = _joined(tables, split.where)
    if not table.num_rows:
        raise UserError(f"{split.where}: no images found, it has no rows")
    labels = labels_of(table[columns.label], schema)
    if has_ids:
        ids = ids_of(table[columns.id], prefix, split.where)
    else:
        ids = [f"{prefix}/{split.name}/{row:08d}" for row in range(table.num_rows)]
    starts = np.cumsum([0, *(table.num_rows for table in tables)])
    rows = np.arange(table.num_rows, dtype=np.int64)
    return Listing(ids, labels, rows, lambda asked: _payloads(split, starts, asked))


def _open(file: Path, columns: Columns, key: str) -> Part:
    kind = file.suffix.lower()
    if kind == ".parquet":
        return open_parquet_part(file, key)
    if kind == ".arrow":
        return open_arrow(file, key)
    if kind == ".tar":
        return open_tar(file, key, columns)
    texts = [columns.image, FILE_NAME, *([columns.prompt] if columns.prompt else [])]
    return open_list(file, key, [*texts, columns.label, columns.id or ID_COLUMN], texts)


def _refuse_paths_of_other_splits(
    part: Part, column: str, split: str, folder: Path, at: str
) -> None:
    """Refuse a list that says nothing of its split, and whose paths begin in folders of another."""
    if any(map(split_named, part.file.relative_to(folder).parts)):
        return
    for path in part.read([column])[column].to_pylist():
        folders = PurePath(path or "").parts[:-1]
        other = split_named(folders[0]) if folders else None
        if other and other != split:
            raise UserError(
                f"{at}: it lists {quoted(path)}, of split {other!r}, among the images of "
                f"{split!r}; write a list for each split, in its folder or called like it"
            )


def _joined(tables: Sequence[pa.Table], where: str) -> pa.Table:
    """Return the rows of all files; raises UserError if their types have nothing in common."""
    try:
        plain = [table.replace_schema_metadata(None) for table in tables]
        return pa.concat_tables(plain, promote_options="permissive")
    except pa.ArrowException as error:
        raise UserError(
            f"{where}: its files have labels or ids of different types ({one_line(str(error))}); "
            "write all of them alike"
        ) from error


def _payloads(split: Split, starts: Rows, rows: Rows) -> Iterator[Payload]:
    """Yield the payloads of rows, counted over all files, in the order given."""
    columns = split.columns
    names = list(dict.fromkeys([columns.image, *([columns.prompt] if columns.prompt else [])]))
    schema = _common([schema_of_rows(part.schema, names) for part in split.parts], split.where)

    def read(ascending: Rows) -> Iterator[pa.RecordBatch]:
        for number, part in enumerate(split.parts):
            first, last = np.searchsorted(ascending, starts[number : number + 2])
            if first < last:
                for batch in part.rows_of(names, ascending[first:last] - starts[number]):
                    yield batch.cast(schema)

    pairs = rows_in_order(read, schema, rows)
    owners = np.searchsorted(starts, rows, side="right") - 1
    for owner, (batch, row) in zip(owners.tolist(), pairs, strict=True):
        part = split.parts[owner]
        prompt = batch[columns.prompt][row].as_py() if columns.prompt else None
        found = payload_of(batch[columns.image][row].as_py(), part.file.parent, prompt)
        if found.path is not None and part.names_files:
            _refuse_outside(found.path, split)
        yield found if part.names_files else dataclasses.replace(found, path=None)


def _refuse_outside(path: Path, split: Split) -> None:
    """Refuse a path out of the data set: somebody else wrote it, and may ask for any file here."""
    folder, there = (os.path.normpath(one.absolute()) for one in (split.folder, path))
    if not PurePath(there).is_relative_to(folder):
        raise UserError(
            f"{split.where}: it names the image {quoted(str(path))}, outside the folder; expected "
            "paths below it, so make the list again or move the images there"
        )


def _common(schemas: Sequence[pa.Schema], where: str) -> pa.Schema:
    try:
        plain = [schema.remove_metadata() for schema in schemas]
        return pa.unify_schemas(plain, promote_options="permissive")
    except pa.ArrowException as error:
        raise UserError(
            f"{where}: its files have images or prompts of different types "
            f"({one_line(str(error))}); write all of them alike"
        ) from error
