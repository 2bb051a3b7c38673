"""Checked, sorted-as-given, atomic reading and writing of manifests."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sau.core.errors import UserError
from sau.storage.files import atomic_path
from sau.storage.manifest.content import content_hash, joint_hash
from sau.storage.manifest.schemas import HUGGING_FACE_FEATURES, ID_COLUMNS, SCHEMA_VERSION, SCHEMAS

_PREFIX = "sau."


def write(path: Path, kind: str, table: pa.Table, provenance: Mapping[str, Any]) -> None:
    """Write `table` as a manifest of `kind`, atomically, with its provenance and content hash.

    Args:
        path: where to; `.parquet`.
        kind: a name in `SCHEMAS`; the table is cast to that schema.
        table: the rows, in the order in which they should stand.
        provenance: what made it, as JSON values (see `sau.storage.provenance.provenance`).

    Raises:
        UserError: duplicated ids, a missing value where the schema forbids one, or a full disk.
    """
    table = _conform(path, kind, table)
    _refuse_duplicates(path, kind, table)
    metadata = {
        f"{_PREFIX}kind": kind,
        f"{_PREFIX}schema_version": str(SCHEMA_VERSION),
        f"{_PREFIX}content_sha256": content_hash(table),
        f"{_PREFIX}provenance": json.dumps(dict(provenance), sort_keys=True),
    }
    if kind in HUGGING_FACE_FEATURES:
        metadata["huggingface"] = json.dumps({"info": {"features": HUGGING_FACE_FEATURES[kind]}})
    with atomic_path(path) as temporary:
        pq.write_table(
            table.replace_schema_metadata(metadata),
            temporary,
            compression="zstd",
            row_group_size=_rows_of_a_group(table),
        )


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
        UserError: no such file, not a manifest, another kind or schema version, a repeated id.
    """
    paths = [paths] if isinstance(paths, Path) else list(paths)
    if not paths:
        raise UserError(f"no manifest of {kind} given; at least one is needed")
    for path in paths:
        _check_kind(path, kind)
    schema = _schema_of(kind, columns)
    table = pa.concat_tables(_read_columns(path, schema.names) for path in paths)
    table = table.cast(schema)
    if set(ID_COLUMNS[kind]) <= set(schema.names):
        _refuse_duplicates(paths[0] if len(paths) == 1 else paths[0].parent, kind, table)
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

    Yields a table for each row group, in the schema's types.

    Raises:
        UserError: no such file, not a manifest, or another kind or schema version.
    """
    _check_kind(path, kind)
    schema = _schema_of(kind, columns)
    try:
        file = pq.ParquetFile(path)
        for group in range(file.num_row_groups) if groups is None else groups:
            table = file.read_row_group(group, columns=schema.names)
            yield table.replace_schema_metadata(None).cast(schema)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


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


def read_metadata(path: Path) -> dict[str, Any]:
    """Return what a manifest's file says of itself.

    Returns: `kind`, `schema_version` (int), `content_sha256` and `provenance` (a dictionary).

    Raises:
        UserError: no such file, or not a manifest.
    """
    try:
        raw = pq.read_schema(path).metadata or {}
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such manifest; run the stage that writes it first") from error
    except (pa.ArrowException, OSError) as error:
        raise UserError(
            f"{path}: not a readable Parquet file ({error}); delete it and run its stage again"
        ) from error
    found = {key.decode(): value.decode() for key, value in raw.items()}
    if f"{_PREFIX}kind" not in found:
        raise UserError(
            f"{path}: a Parquet file, but not a manifest of sau; "
            "bring your own table in through `dataset.source: parquet` or `images.source: imported`"
        )
    return {
        "kind": found[f"{_PREFIX}kind"],
        "schema_version": int(found[f"{_PREFIX}schema_version"]),
        "content_sha256": found[f"{_PREFIX}content_sha256"],
        "provenance": json.loads(found[f"{_PREFIX}provenance"]),
    }


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
    _check_kind(path, kind)
    made = read_metadata(path)["provenance"]
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


def _read_columns(path: Path, names: Sequence[str]) -> pa.Table:
    try:
        return pq.ParquetFile(path).read(columns=names).replace_schema_metadata(None)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> UserError:
    reason = " ".join(str(error).split())  # Arrow's have several lines
    return UserError(f"{path}: damaged ({reason}); delete it and run its stage again")


def _schema_of(kind: str, columns: Sequence[str] | None) -> pa.Schema:
    """Return the schema of `kind`, or what it has of `columns`, in its own order."""
    fields = [field for field in SCHEMAS[kind] if columns is None or field.name in columns]
    return pa.schema(fields)


def _rows_of_a_group(table: pa.Table) -> int:
    """Return rows of about 64 MiB, so that readers need not hold all images at once."""
    bytes_per_row = max(int(table.nbytes) // max(int(table.num_rows), 1), 1)
    return max((64 << 20) // bytes_per_row, 1)


def _check_kind(path: Path, kind: str) -> None:
    metadata = read_metadata(path)
    if metadata["kind"] != kind:
        raise UserError(f"{path}: a manifest of {metadata['kind']}, expected one of {kind}")
    if metadata["schema_version"] != SCHEMA_VERSION:
        raise UserError(
            f"{path}: schema version {metadata['schema_version']}, expected {SCHEMA_VERSION}; "
            "delete it and run its stage again"
        )


def _conform(path: Path, kind: str, table: pa.Table) -> pa.Table:
    schema = SCHEMAS[kind]
    table = table.select(schema.names)
    for field in schema:
        if not field.nullable and table.column(field.name).null_count:
            raise UserError(f"{path}: column {field.name} of {kind} has rows without a value")
    return table.cast(schema)


def _refuse_duplicates(path: Path, kind: str, table: pa.Table) -> None:
    keys = ID_COLUMNS[kind]
    counts = table.group_by(keys).aggregate([([], "count_all")])
    if counts.num_rows == table.num_rows:
        return
    repeated = counts.filter(pc.greater(counts["count_all"], 1)).to_pylist()
    first = ", ".join(str(repeated[0][key]) for key in keys)
    raise UserError(
        f"{path}: {len(repeated)} duplicated ids in {kind}, the first is {first!r}; "
        "each row needs an id of its own"
    )
