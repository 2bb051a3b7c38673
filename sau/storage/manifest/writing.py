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
from sau.storage.manifest.schemas import SCHEMA_VERSION, SCHEMAS


def write(
    path: Path,
    kind: str,
    table: pa.Table,
    provenance: Mapping[str, Any],
    *,
    rows_of_a_group: int | None = None,
) -> str:
    """Write `table` as a manifest of `kind`, atomically, with its provenance and its hashes.

    Args:
        path: where to; `.parquet`.
        kind: a name in `SCHEMAS`; the table is cast to that schema.
        table: the rows, in the order in which they should stand.
        provenance: what made it, as JSON values (see `sau.storage.provenance.provenance`).
        rows_of_a_group: that a reader need hold at once; None: about 64 MiB of them.

    Returns: the content hash.

    Raises:
        UserError: duplicated ids, a missing value where the schema forbids one, or a full disk.
    """
    table = _conform(path, kind, table)
    refuse_duplicates(path, kind, table)
    size = rows_of_a_group or _rows_of_a_group(table)
    content_sha256, hashes = content_and_group_hashes(table, size)
    record = Record(
        kind=kind,
        schema_version=SCHEMA_VERSION,
        content_sha256=content_sha256,
        rows=[min(size, table.num_rows - start) for start in range(0, table.num_rows, size)],
        hashes=hashes,
        provenance=dict(provenance),
    )
    with atomic_path(path) as temporary:
        pq.write_table(
            table.replace_schema_metadata(record.to_metadata()),
            temporary,
            compression="zstd",
            row_group_size=size,
            write_page_checksum=True,
        )
    return content_sha256


def _rows_of_a_group(table: pa.Table) -> int:
    """Return rows of about 64 MiB, so that readers need not hold all images at once."""
    bytes_per_row = max(int(table.nbytes) // max(int(table.num_rows), 1), 1)
    return max((64 << 20) // bytes_per_row, 1)


def _conform(path: Path, kind: str, table: pa.Table) -> pa.Table:
    schema = SCHEMAS[kind]
    table = table.select(schema.names)
    for field in schema:
        if not field.nullable and table.column(field.name).null_count:
            raise UserError(f"{path}: column {field.name} of {kind} has rows without a value")
    return table.cast(schema)
