"""Checked reading of manifests, whole or a row group at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sau.core.errors import UserError
from sau.storage.manifest.content import column_hash, joint_hash
from sau.storage.manifest.duplicates import refuse_duplicates
from sau.storage.manifest.ranges import check_ranges
from sau.storage.manifest.record import DamagedError, Record, damaged, unreadable
from sau.storage.manifest.schemas import ID_COLUMNS, SCHEMA_VERSION, SCHEMAS

_UNREADABLE = (
    *(pa.ArrowException, OSError, ValueError, TypeError, LookupError),
    *(ArithmeticError, MemoryError, RuntimeError),
)
"""What Arrow raises on files that are damaged; to be caught around its calls alone."""


def read(
    paths: Path | Sequence[Path], kind: str, *, columns: Sequence[str] | None = None
) -> pa.Table:
    """Read one manifest of `kind`, or several shards of it, one after the other.

    Args:
        paths: a file, or the shards in their order.
        kind: a name in `SCHEMAS`.
        columns: only these columns, in the schema's order; all of them if None.

    Returns: the table, in the schema's types, rows in file order.

    Raises:
        UserError: no such file, not a manifest, another kind or schema version, a file that is not
            as it was written, a value outside its range, a repeated id.
    """
    paths = [paths] if isinstance(paths, Path) else list(paths)
    if not paths:
        raise UserError(f"no manifest of {kind} given; at least one is needed")
    for path in paths:  # before the rows of any
        _check_kind(path, read_record(path), kind)
    table = pa.concat_tables(
        table for path in paths for table in read_groups(path, kind, columns=columns)
    )
    if set(ID_COLUMNS[kind]) <= set(table.column_names):
        refuse_duplicates(paths[0] if len(paths) == 1 else paths[0].parent, kind, table)
    return table


def read_groups(
    path: Path,
    kind: str,
    *,
    columns: Sequence[str] | None = None,
    groups: Sequence[int] | None = None,
) -> Iterator[pa.Table]:
    """Read one manifest of `kind` row group by row group, so that one at a time is in memory.

    Args:
        path: the file; a row group of images is about 64 MiB.
        kind: a name in `SCHEMAS`.
        columns: only these columns, in the schema's order; all of them if None.
        groups: only these row groups, from 0, in this order; all of them if None.

    Yields a table for each row group, in the schema's types; of a manifest without rows an empty
        one.

    Raises:
        UserError: no such file, not a manifest, another kind or schema version, a file that is not
            as it was written, or a value outside its range.
    """
    schema = _schema_of(kind, columns)
    with _opened(path) as (file, record):
        _check_kind(path, record, kind)
        _check_layout(path, file, record)
        classes = len(record.provenance["class_names"]) if _names_classes(record) else None
        for group in range(len(record.rows)) if groups is None else groups:
            table = _read_group(path, file, record, group, schema)
            check_ranges(path, kind, table, classes)
            yield table
        if not record.rows and groups is None:
            yield schema.empty_table()


def read_rows(
    paths: Sequence[Path], kind: str, ids: Sequence[str], *, columns: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Read the rows of some ids from manifests of `kind`, one row group in memory at a time.

    Row groups that hold none of them are not read: an image's other columns are a thousand times
    as long as its id.

    Args:
        paths: the files.
        kind: a name in `SCHEMAS` whose rows have an id.
        ids: of the rows that are wanted; those that no file has are left out.
        columns: only these columns, id among them.

    Returns: the rows by id, as Python values.

    Raises:
        UserError: no such file, not a manifest, or another kind or schema version.
    """
    wanted = pa.array(ids, pa.string())
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        masks = [
            pc.is_in(table["id"], value_set=wanted)
            for table in read_groups(path, kind, columns=["id"])
        ]
        hits = [group for group, mask in enumerate(masks) if pc.any(mask).as_py()]
        tables = read_groups(path, kind, columns=columns, groups=hits)
        for group, table in zip(hits, tables, strict=True):
            found |= {row["id"]: row for row in table.filter(masks[group]).to_pylist()}
    return found


def read_places(
    path: Path, kind: str, places: Sequence[int], *, columns: Sequence[str]
) -> list[dict[str, Any]]:
    """Read the rows at some places of a manifest of `kind`, one row group in memory at a time.

    Args:
        path: the file.
        kind: a name in `SCHEMAS`.
        places: of the rows, from 0, in any order and any number of times.
        columns: what is read of them.

    Returns: the rows, in the order of `places`.

    Raises:
        UserError: what `read_groups` refuses.
    """
    wanted = np.asarray(places, dtype=np.int64)
    found: list[dict[str, Any]] = [{}] * len(wanted)
    start = 0
    for group in read_groups(path, kind, columns=columns):
        own = np.flatnonzero((wanted >= start) & (wanted < start + group.num_rows))
        rows = group.take(pa.array(wanted[own] - start)).to_pylist()
        for place, row in zip(own.tolist(), rows, strict=True):
            found[place] = row
        start += group.num_rows
    return found


def read_metadata(path: Path) -> dict[str, Any]:
    """Return what a manifest's file says of itself.

    Returns: `kind`, `schema_version` (int), `content_sha256` and `provenance` (a dictionary whose
        known entries have their types, see `sau.storage.manifest.facts`).

    Raises:
        UserError: no such file, not a manifest, or not as it was written.
    """
    record = read_record(path)
    return {
        "kind": record.kind,
        "schema_version": record.schema_version,
        "content_sha256": record.content_sha256,
        "provenance": record.provenance,
    }


def read_record(path: Path) -> Record:
    """Return what a manifest's file says of itself, without a look at its rows.

    Raises:
        UserError: no such file, not a manifest, or not as it was written.
    """
    with _opened(path) as (_, record):
        return record


def hash_of(paths: Sequence[Path]) -> str:
    """Return one content hash for what several manifests say, in their order.

    Args:
        paths: at least one; of one file it is that file's own hash, of several their `joint_hash`.

    Raises:
        UserError: no such file, or not a manifest.
    """
    return joint_hash([read_metadata(path)["content_sha256"] for path in paths])


def read_facts(path: Path, kind: str, *names: str) -> dict[str, Any]:
    """Return named entries of a manifest's provenance.

    Args:
        path: the file.
        kind: what it must be a manifest of.
        names: entries that it must have.

    Raises:
        UserError: no such file, another kind, or an entry that is not there.
    """
    record = read_record(path)
    _check_kind(path, record, kind)
    made = record.provenance
    for name in names:
        if name not in made:
            raise UserError(f"{path}: its provenance lacks {name!r}; run its stage again")
    return {name: made[name] for name in names}


def check_labels(path: Path, labels: pa.ChunkedArray, class_names: Sequence[str]) -> None:
    """Refuse labels that are no index into `class_names`.

    Raises:
        UserError: the first such label, and what was expected.
    """
    outside = pc.or_(pc.less(labels, 0), pc.greater_equal(labels, len(class_names)))
    wrong = labels.filter(outside)
    if len(wrong):
        raise UserError(
            f"{path}: {len(wrong)} labels outside the range, the first is {wrong[0].as_py()}; "
            f"expected 0 to {len(class_names) - 1}, the classes of the real images"
        )


@contextmanager
def _opened(path: Path) -> Iterator[tuple[pq.ParquetFile, Record]]:
    """Open a manifest whose record is as it was written; its rows are still to be looked at."""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        metadata = file.metadata.metadata or {}
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such manifest; run the stage that writes it first") from error
    except PermissionError as error:
        raise UserError(f"{path}: {error.strerror}; allow yourself to read it") from error
    except _UNREADABLE as error:
        raise unreadable(path, error, "not a readable Parquet file") from error
    with file:
        yield file, Record.of_metadata(metadata, SCHEMA_VERSION, path)


def _check_layout(path: Path, file: pq.ParquetFile, record: Record) -> None:
    """Refuse other columns, types or row groups than the file's record and its schema say."""
    try:
        schema = file.schema_arrow
        rows = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    except _UNREADABLE as error:
        raise unreadable(path, error) from error
    if not schema.equals(SCHEMAS[record.kind]):
        raise damaged(path, f"its columns are not those of {record.kind}")
    if [count for count in rows if count] != record.rows:
        raise damaged(path, "its row groups are not those that were written")


def _read_group(
    path: Path, file: pq.ParquetFile, record: Record, group: int, schema: pa.Schema
) -> pa.Table:
    """Return some columns of a row group, which are as they were written."""
    try:
        table = file.read_row_group(group, columns=schema.names)
        table = table.replace_schema_metadata(None).cast(schema)
        found = {name: column_hash(name, table.column(name)) for name in schema.names}
    except _UNREADABLE as error:
        raise unreadable(path, error) from error
    for name, digest in found.items():
        if digest != record.hashes[name][group]:
            raise damaged(path, f"column {name} is not as it was written")
    return table


def _names_classes(record: Record) -> bool:
    # A run that was started by hand may have an empty list of them.
    return bool(record.provenance.get("class_names"))


def _schema_of(kind: str, columns: Sequence[str] | None) -> pa.Schema:
    """Return the schema of `kind`, or what it has of `columns`, in its own order."""
    fields = [field for field in SCHEMAS[kind] if columns is None or field.name in columns]
    return pa.schema(fields)


def _check_kind(path: Path, record: Record, kind: str) -> None:
    if record.kind != kind:
        raise DamagedError(f"{path}: a manifest of {record.kind}, expected one of {kind}")
