"""Images in a Parquet table: encoded bytes, or paths, beside labels."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sau.core.errors import UserError
from sau.sources.checks import check_unique, existing_file
from sau.sources.naming import nearest
from sau.sources.record import Listing, Payload, Rows
from sau.storage.spool import spool

ID_COLUMN = "id"
BATCH_ROWS = 512
_DAMAGED = (pa.ArrowException, OSError, UnicodeDecodeError)  # the last from names in the footer


@dataclasses.dataclass(frozen=True)
class Columns:
    """What the columns of a table are called; a prompt of None means that there are none."""

    image: str
    label: str
    prompt: str | None = None


def open_parquet(file: Path, key: str) -> pq.ParquetFile:
    """Open a Parquet file; raises UserError if it is missing or no Parquet file."""
    try:
        return pq.ParquetFile(existing_file(file, key))
    except _DAMAGED as error:
        raise UserError(
            f"{key}: {file}: not a readable Parquet file ({_in_one_line(error)})"
        ) from error


def read_columns(file: Path, names: Sequence[str], key: str) -> pa.Table:
    """Return columns of a Parquet file; raises UserError if a page of them is damaged."""
    with _damage_refused(file, key):
        table = pq.ParquetFile(file).read(columns=list(names))
        table.validate(full=True)  # a page may well be read, and hold no UTF-8
    return table


def check_columns(schema: pa.Schema, names: Sequence[str], where: str) -> None:
    """Refuse a table that lacks one of the columns, with the nearest known one."""
    for name in names:
        if name not in schema.names:
            raise UserError(f"{where}: no column {name!r}; {nearest(name, schema.names)}")


def list_parquet(
    file: Path,
    columns: Columns,
    *,
    prefix: str,
    stem: str,
    labels_of: Callable[[pa.ChunkedArray, pa.Schema], Rows],
    key: str,
    batch_rows: int = BATCH_ROWS,
) -> Listing:
    """List the images of a table; nothing but labels and ids is read.

    Args:
        file: the table.
        columns: what its columns are called. Images are encoded bytes, a struct of `bytes` and
            `path` as Hugging Face writes it, or paths, absolute or relative to the table's folder.
        prefix: what ids begin with: `real` or `synthetic`.
        stem: what the table is called in ids.
        labels_of: turns the label column into int64 labels, shape (rows,).
        key: the setting to name in errors.
        batch_rows: of so many rows at most one batch is read at once, at least 1.

    Returns: rows in file order; ids `<prefix>/<stem>/<row>`, or those of the column `id`.

    Raises:
        UserError: no such file or column, a damaged file, an image column of another type, or an
            id twice.
    """
    where = f"{key}: {file}"
    schema = open_parquet(file, key).schema_arrow
    check_columns(schema, [name for name in dataclasses.astuple(columns) if name], where)
    _check_image_type(schema.field(columns.image), where)
    wanted = [columns.label, *({ID_COLUMN} & set(schema.names))]
    table = read_columns(file, wanted, key)
    if not table.num_rows:
        raise UserError(f"{where}: no images found, the table has no rows")
    labels = labels_of(table[columns.label], schema)
    ids = _ids(table, prefix, stem, where)
    rows = np.arange(table.num_rows, dtype=np.int64)
    payloads = payloads_of(file, columns.image, columns.prompt, key, batch_rows)
    return Listing(ids, labels, rows, payloads)


def payloads_of(
    file: Path,
    image_column: str,
    prompt_column: str | None,
    key: str,
    batch_rows: int = BATCH_ROWS,
) -> Callable[[Rows], Iterable[Payload]]:
    """Return a function that reads the payloads of given rows, in the order given.

    A file gives its rows in its own order only. Wanted in another one, they wait in the system's
    folder of temporary files. Where the file is damaged, it raises UserError that names the
    setting `key`.
    """

    def fetch(rows: Rows) -> Iterator[Payload]:
        names = [image_column, *([prompt_column] if prompt_column else [])]
        for batch, row in _rows_in_order(file, names, rows, key, batch_rows):
            prompt = batch[prompt_column][row].as_py() if prompt_column else None
            yield _payload(batch[image_column][row].as_py(), file.parent, prompt)

    return fetch


def _rows_in_order(
    file: Path, names: Sequence[str], rows: Rows, key: str, batch_rows: int
) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Yield, for each of the given rows in turn, a batch and where in it the row stands."""
    ascending = np.sort(rows)
    batches = _read_rows(file, names, ascending, key, batch_rows)
    if np.array_equal(rows, ascending):
        for batch in batches:
            yield from ((batch, row) for row in range(batch.num_rows))
        return
    schema = pq.read_schema(file)
    fields = [field for field in schema if field.name in names]
    parts = spool(batches, pa.schema(fields), None).to_batches()
    starts = np.cumsum([0, *(part.num_rows for part in parts)])
    for position in np.searchsorted(ascending, rows):
        part = int(np.searchsorted(starts, position, side="right")) - 1
        yield parts[part], int(position - starts[part])


def _read_rows(
    file: Path, names: Sequence[str], rows: Rows, key: str, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield the given rows, ascending, from the row groups that hold one, in small batches."""
    found = 0
    with _damage_refused(file, key):
        for batch, start in _batches_with_rows(pq.ParquetFile(file), names, rows, batch_rows):
            first, last = np.searchsorted(rows, [start, start + batch.num_rows])
            if first < last:
                batch.validate(full=True)
                yield batch.take(pa.array(rows[first:last] - start))
                found += last - first
        if found < len(rows):
            raise pa.ArrowInvalid("images of fewer rows than labels")


def _batches_with_rows(
    parquet: pq.ParquetFile, names: Sequence[str], rows: Rows, batch_rows: int
) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Yield the batches of the row groups that hold one of the rows, and the first row of each."""
    start = 0
    for group in range(parquet.num_row_groups):
        end = start + parquet.metadata.row_group(group).num_rows
        if np.searchsorted(rows, start) < np.searchsorted(rows, end):
            for batch in parquet.iter_batches(batch_rows, [group], list(names)):
                yield batch, start
                start += batch.num_rows
        start = end


@contextmanager
def _damage_refused(file: Path, key: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise UserError(
            f"{key}: {file}: damaged ({_in_one_line(error)}); fetch or write the file again"
        ) from error


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())  # Arrow's have several


def _payload(image: Any, folder: Path, prompt: Any) -> Payload:
    data, path = image, None
    if isinstance(image, dict):
        data, path = image.get("bytes"), image.get("path")
    elif isinstance(image, str):
        data, path = None, image
    located = folder / path if data is None and path else None
    return Payload(data, located, None if prompt is None else str(prompt))


def _check_image_type(field: pa.Field, where: str) -> None:
    kind = field.type
    fields = {part.name: part.type for part in kind} if pa.types.is_struct(kind) else {}
    has_bytes = "bytes" in fields and _is_binary(fields["bytes"])
    has_path = "path" in fields and _is_text(fields["path"])
    if not (_is_binary(kind) or _is_text(kind) or has_bytes or has_path):
        raise UserError(
            f"{where}: column {field.name!r} is of type {kind}; expected encoded bytes, "
            "a struct of bytes and path, or paths"
        )


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _ids(table: pa.Table, prefix: str, stem: str, where: str) -> list[str]:
    if ID_COLUMN in table.column_names:
        ids = [_prefixed(value, prefix, where) for value in table[ID_COLUMN].to_pylist()]
    else:
        ids = [f"{prefix}/{stem}/{row:08d}" for row in range(table.num_rows)]
    check_unique(ids, where)
    return ids


def _prefixed(value: Any, prefix: str, where: str) -> str:
    if value is None or value == "":
        raise UserError(f"{where}: a row without a value in column {ID_COLUMN!r}; give each one")
    return value if str(value).startswith(f"{prefix}/") else f"{prefix}/{value}"
