"""Images in a Parquet table: encoded bytes, or paths, beside labels."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sau.core.errors import UserError
from sau.sources.checks import existing_file
from sau.sources.record import Listing, Payload, Rows
from sau.sources.rows_in_order import payload_of, rows_in_order, schema_of_rows
from sau.sources.table_columns import (
    Columns,
    check_columns,
    check_image_type,
    ids_of,
    without_views,
)

MAX_ROWS = 100_000_000
"""A few bytes may say that one value stands in a billion rows, which then fill the memory."""

BATCH_ROWS = 512
_DAMAGED = (pa.ArrowException, OSError, UnicodeDecodeError)  # the last from names in the footer


def open_parquet(file: Path, key: str, *, most_rows: int = MAX_ROWS) -> pq.ParquetFile:
    """Open a Parquet file; raises UserError if it is missing, no Parquet file, or too long."""
    try:
        opened = pq.ParquetFile(existing_file(file, key))
    except _DAMAGED as error:
        raise UserError(
            f"{key}: {file}: not a readable Parquet file ({_in_one_line(error)})"
        ) from error
    if opened.metadata.num_rows > most_rows:
        raise UserError(
            f"{key}: {file}: {opened.metadata.num_rows:,} rows; expected at most {most_rows:,}, "
            "split the table"
        )
    return opened


def read_columns(file: Path, names: Sequence[str], key: str) -> pa.Table:
    """Return columns of a Parquet file; raises UserError if a page of them is damaged."""
    with damage_refused(file, key):
        table = pq.ParquetFile(file).read(columns=list(names)).select(list(names))
        table.validate(full=True)  # a page may well be read, and hold no UTF-8
    return without_views(table)


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

    Returns: rows in file order; ids `<prefix>/<stem>/<row>`, or those of the id column.

    Raises:
        UserError: no such file or column, a damaged file, an image column of another type, or an
            id twice.
    """
    where = f"{key}: {file}"
    schema = open_parquet(file, key).schema_arrow
    names = columns.in_table(schema)
    check_columns(schema, names, where)
    check_image_type(schema.field(columns.image), where)
    has_ids = bool(columns.id) and columns.id in names
    wanted = [columns.label, columns.id] if has_ids else [columns.label]
    table = read_columns(file, list(dict.fromkeys(wanted)), key)
    if not table.num_rows:
        raise UserError(f"{where}: no images found, the table has no rows")
    labels = labels_of(table[columns.label], schema)
    if has_ids:
        ids = ids_of(table[columns.id], prefix, where)
    else:
        ids = [f"{prefix}/{stem}/{row:08d}" for row in range(table.num_rows)]
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
        names = list(dict.fromkeys([image_column, *([prompt_column] if prompt_column else [])]))
        schema = schema_of_rows(pq.read_schema(file), names)
        batches = partial(read_rows, file, names, key=key, batch_rows=batch_rows)
        for batch, row in rows_in_order(batches, schema, rows):
            prompt = batch[prompt_column][row].as_py() if prompt_column else None
            yield payload_of(batch[image_column][row].as_py(), file.parent, prompt)

    return fetch


def read_rows(
    file: Path, names: Sequence[str], rows: Rows, *, key: str, batch_rows: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Yield the given rows, ascending, from the row groups that hold one, in small batches.

    Raises:
        UserError: a damaged page, or fewer rows than are wanted; it names the setting `key`.
    """
    found = 0
    with damage_refused(file, key):
        for batch, start in _batches_with_rows(pq.ParquetFile(file), names, rows, batch_rows):
            first, last = np.searchsorted(rows, [start, start + batch.num_rows])
            if first < last:
                batch.validate(full=True)
                plain = without_views(pa.Table.from_batches([batch]).select(list(names)))
                yield plain.take(pa.array(rows[first:last] - start)).to_batches()[0]
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
def damage_refused(file: Path, key: str) -> Iterator[None]:
    """Turn what Arrow raises inside, on a damaged file, into a UserError that names it."""
    try:
        yield
    except _DAMAGED as error:
        raise UserError(
            f"{key}: {file}: damaged ({_in_one_line(error)}); fetch or write the file again"
        ) from error


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())  # Arrow's have several
