"""Rows to be written: a table in memory, or batches on disk that are looked at one by one."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import pyarrow as pa

from sau.storage.spool import SpooledRows

Rows: TypeAlias = pa.Table | SpooledRows


class Column(NamedTuple):
    """A column that is looked at piece by piece, several times over.

    Attributes:
        type: of its values.
        length: how many there are.
        chunks: yields them in their order.
    """

    type: pa.DataType
    length: int
    chunks: Callable[[], Iterator[pa.Array]]


def column_of(rows: Rows, name: str) -> Column:
    """Return a column of rows."""
    kind = rows.schema.field(name).type
    if isinstance(rows, SpooledRows):
        return Column(
            kind, rows.num_rows, lambda: (batch.column(0) for batch in rows.batches([name]))
        )
    return of_chunks(rows.column(name))


def of_chunks(column: pa.ChunkedArray) -> Column:
    """Return a column that is in memory."""
    return Column(column.type, len(column), lambda: iter(column.chunks))


def groups_of(rows: Rows, size: int) -> Iterator[pa.Table]:
    """Yield the rows in tables of `size` rows, the last of which may have fewer; no empty one.

    The chunks of a table are those of the rows, cut where it begins and ends.
    """
    if not isinstance(rows, SpooledRows):
        yield from (rows.slice(start, size) for start in range(0, rows.num_rows, size))
        return
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in rows.batches():
        start = 0
        while start < batch.num_rows:
            piece = batch.slice(start, size - count)
            waiting.append(piece)
            start, count = start + piece.num_rows, count + piece.num_rows
            if count == size:
                yield pa.Table.from_batches(waiting)
                waiting, count = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)
