"""Rows of a table in any order, from files that give them in their own order only."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sau.sources.record import Payload, Rows
from sau.sources.table_columns import without_views
from sau.storage.spool import spool

ReadAscending = Callable[[Rows], Iterator[pa.RecordBatch]]


def rows_in_order(
    read: ReadAscending, schema: pa.Schema, rows: Rows
) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Yield, for each of the given rows in turn, a batch and where in it the row stands.

    Wanted in another order than the file's, they wait in the system's folder of temporary files.

    Args:
        read: yields the batches of the rows that it is given, which ascend.
        schema: of each batch.
        rows: int64 (N,), each once.
    """
    ascending = np.sort(rows)
    batches = read(ascending)
    if np.array_equal(rows, ascending):
        for batch in batches:
            yield from ((batch, row) for row in range(batch.num_rows))
        return
    parts = spool(batches, schema, None).to_batches()
    starts = np.cumsum([0, *(part.num_rows for part in parts)])
    for position in np.searchsorted(ascending, rows):
        part = int(np.searchsorted(starts, position, side="right")) - 1
        yield parts[part], int(position - starts[part])


def schema_of_rows(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """Return the schema of batches of these columns, as `without_views` leaves them."""
    return without_views(schema.empty_table().select(list(names))).schema


def payload_of(image: Any, folder: Path, prompt: Any) -> Payload:
    """Return what a cell of an image column holds: bytes, a path, or a struct of both.

    Args:
        image: the cell.
        folder: what a path is relative to.
        prompt: the image's, if it has one.
    """
    data, path = image, None
    if isinstance(image, dict):
        data, path = image.get("bytes"), image.get("path")
    elif isinstance(image, str):
        data, path = None, image
    located = folder / path if data is None and path else None
    return Payload(data, located, None if prompt is None else str(prompt))
