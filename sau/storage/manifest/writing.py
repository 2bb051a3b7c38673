"""Checked, atomic writing of manifests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sau.core.errors import UserError
from sau.storage.files import atomic_path
from sau.storage.manifest.content import content_and_group_hashes
from sau.storage.manifest.duplicates import refuse_duplicates
from sau.storage.manifest.record import Record
from sau.storage.manifest.rows import Column, Rows, column_of, groups_of
from sau.storage.manifest.schemas import SCHEMA_VERSION, SCHEMAS
from sau.storage.spool import SpooledRows


def write(
    path: Path,
    kind: str,
    rows: Rows,
    provenance: Mapping[str, Any],
    *,
    rows_of_a_group: int | None = None,
) -> str:
    """Write `rows` as a manifest of `kind`, atomically, with its provenance and its hashes.

    Args:
        path: where to; `.parquet`.
        kind: a name in `SCHEMAS`; a table is cast to that schema, rows on disk must have it.
        rows: in the order in which they should stand. Of those on disk a row group at a time is in
            memory.
        provenance: what made it, as JSON values (see `sau.storage.provenance.provenance`).
        rows_of_a_group: that a reader need hold at once; None: about 64 MiB of them.

    Returns: the content hash.

    Raises:
        UserError: duplicated ids, a missing value where the schema forbids one, or a full disk.
    """
    rows = _conform(path, kind, rows)
    refuse_duplicates(path, kind, rows)
    size = rows_of_a_group or _rows_of_a_group(rows)
    content_sha256, hashes = content_and_group_hashes(rows, size)
    record = Record(
        kind=kind,
        schema_version=SCHEMA_VERSION,
        content_sha256=content_sha256,
        rows=[min(size, rows.num_rows - start) for start in range(0, rows.num_rows, size)],
        hashes=hashes,
        provenance=dict(provenance),
    )
    with atomic_path(path) as temporary:
        _write(temporary, rows, rows.schema.with_metadata(record.to_metadata()), size)
    return content_sha256


def _write(path: Path, rows: Rows, schema: pa.Schema, size: int) -> None:
    options = {"compression": "zstd", "write_page_checksum": True}
    with pq.ParquetWriter(path, schema, **options) as writer:
        for table in groups_of(rows, size) if rows.num_rows else [schema.empty_table()]:
            writer.write_table(table.replace_schema_metadata(schema.metadata), row_group_size=size)


def _rows_of_a_group(rows: Rows) -> int:
    """Return rows of about 64 MiB, so that readers need not hold all images at once."""
    if isinstance(rows, SpooledRows):
        total = sum(int(batch.nbytes) for batch in rows.batches())
    else:
        total = int(rows.nbytes)
    bytes_per_row = max(total // max(int(rows.num_rows), 1), 1)
    return max((64 << 20) // bytes_per_row, 1)


def _conform(path: Path, kind: str, rows: Rows) -> Rows:
    schema = SCHEMAS[kind]
    rows = rows if isinstance(rows, SpooledRows) else rows.select(schema.names)
    for field in schema:
        if not field.nullable and _lacks_values(column_of(rows, field.name)):
            raise UserError(f"{path}: column {field.name} of {kind} has rows without a value")
    return rows if isinstance(rows, SpooledRows) else rows.cast(schema)


def _lacks_values(column: Column) -> bool:
    return any(chunk.null_count for chunk in column.chunks())
