"""One file of a split, as a table whose long columns are read by rows."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

from sau.sources.parquet_table import open_parquet, read_columns, read_rows
from sau.sources.record import Rows


@dataclasses.dataclass(frozen=True)
class Part:
    """One file of a split.

    Attributes:
        file: where it is; paths in it are relative to its folder.
        schema: its columns, with what `datasets` says of them in the metadata.
        read: returns short columns (labels, ids) as a table of all rows.
        rows_of: yields columns of the given rows, which ascend, in batches.
        names_files: whether an image may stand in a file of its own, which a path names.
    """

    file: Path
    schema: pa.Schema
    read: Callable[[Sequence[str]], pa.Table]
    rows_of: Callable[[Sequence[str], Rows], Iterator[pa.RecordBatch]]
    names_files: bool = True


def open_parquet_part(file: Path, key: str) -> Part:
    """Open a Parquet file; raises UserError if it is none, and what it returns if it is damaged."""

    def rows_of(names: Sequence[str], rows: Rows) -> Iterator[pa.RecordBatch]:
        return read_rows(file, names, rows, key=key)

    schema = open_parquet(file, key).schema_arrow
    return Part(file, schema, partial(_read_parquet, file, key), rows_of)


def _read_parquet(file: Path, key: str, names: Sequence[str]) -> pa.Table:
    return read_columns(file, names, key)
