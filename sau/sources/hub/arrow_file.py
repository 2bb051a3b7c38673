"""Arrow files as `datasets` stores them: a stream of record batches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from sau.sources.checks import existing_file
from sau.sources.hub.part import Part
from sau.sources.parquet_table import BATCH_ROWS, MAX_ROWS, damage_refused
from sau.sources.record import Rows
from sau.sources.table_columns import without_views


def open_arrow(file: Path, key: str) -> Part:
    """Open an Arrow file; images are the bytes in it, and no path of it is followed.

    Raises:
        UserError: no such file, or one that is no stream of Arrow; later, one that is damaged.
    """
    existing_file(file, key, "Arrow file")
    with damage_refused(file, key), _stream(file) as stream:
        schema = stream.schema

    def read(names: Sequence[str]) -> pa.Table:
        kept = [_apart(batch) for batch, _ in _batches(file, names, key)]
        empty = schema.empty_table().select(list(names)).schema
        return pa.concat_tables(kept or [without_views(pa.Table.from_batches([], empty))])

    def rows_of(names: Sequence[str], rows: Rows) -> Iterator[pa.RecordBatch]:
        found = 0
        for batch, start in _batches(file, names, key):
            first, last = np.searchsorted(rows, [start, start + batch.num_rows])
            for at in range(first, last, BATCH_ROWS):
                wanted = pa.array(rows[at : min(at + BATCH_ROWS, last)] - start)
                plain = without_views(pa.Table.from_batches([batch]))
                yield plain.take(wanted).combine_chunks().to_batches()[0]
            found += last - first
        if found < len(rows):
            with damage_refused(file, key):
                raise pa.ArrowInvalid("images of fewer rows than labels")

    return Part(file, schema, read, rows_of, names_files=False)


def _apart(batch: pa.RecordBatch) -> pa.Table:
    """Return columns in memory of their own: those of a stream hold the images beside them."""
    plain = without_views(pa.Table.from_batches([batch]))
    return plain.take(pa.array(np.arange(batch.num_rows)))


def _batches(file: Path, names: Sequence[str], key: str) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Yield each batch's columns of these names, and the number of its first row."""
    start = 0
    with damage_refused(file, key), _stream(file) as stream:
        for batch in stream:
            chosen = batch.select(list(names))
            chosen.validate(full=True)
            if start + chosen.num_rows > MAX_ROWS:
                raise pa.ArrowInvalid(f"more than {MAX_ROWS:,} rows")
            yield chosen, start
            start += chosen.num_rows


@contextmanager
def _stream(file: Path) -> Iterator[pa.RecordBatchStreamReader]:
    with pa.OSFile(str(file), "rb") as source, pa.ipc.open_stream(source) as stream:
        yield stream
