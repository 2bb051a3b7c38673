"""Hashes of what a table says, whatever file it stands in: of a column, of a row group, of all."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def content_hash(table: pa.Table) -> str:
    """Return the SHA-256 of the table's column names, types, nulls and values, as 64 hex digits.

    Row order counts; compression, chunks, row groups, metadata and the library's version do not.
    """
    return _of_columns([column_hash(name, table.column(name)) for name in table.column_names])


def content_and_group_hashes(
    table: pa.Table, rows_of_a_group: int
) -> tuple[str, dict[str, list[str]]]:
    """Return the `content_hash` of a table, and the hashes of its columns in each row group.

    A table of one row group is looked at once.

    Args:
        table: any number of rows.
        rows_of_a_group: of all groups but the last; at least 1.

    Returns: the hash, and by the name of each column as many `column_hash` as there are groups.
    """
    starts = range(0, table.num_rows, rows_of_a_group)
    groups = {
        name: [column_hash(name, table.column(name).slice(at, rows_of_a_group)) for at in starts]
        for name in table.column_names
    }
    whole = [hashes[0] for hashes in groups.values()] if len(starts) == 1 else None
    return _of_columns(whole) if whole else content_hash(table), groups


def column_hash(name: str, column: pa.ChunkedArray) -> str:
    """Return the SHA-256 of a column's name, type, nulls and values, as 64 hex digits."""
    digest = hashlib.sha256()
    _update(digest, name, column)
    return digest.hexdigest()


def joint_hash(hashes: Sequence[str]) -> str:
    """Return one content hash for several tables in their order.

    Args:
        hashes: of each table, 64 hex digits; at least one.

    Returns: the hash itself if there is one; of several, the SHA-256 of their digits written one
    after the other, as `printf %s%s A B | sha256sum` has it.
    """
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _of_columns(hashes: Sequence[str]) -> str:
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _update(digest: "hashlib._Hash", name: str, column: pa.ChunkedArray) -> None:
    """Hash name, type, nulls and values of a column, chunk by chunk: images may exceed 2 GiB."""
    digest.update(f"{name}\x1f{column.type}\x1f{len(column)}\x1e".encode())
    digest.update(np.packbits(column.is_null().to_numpy()).tobytes())
    if pa.types.is_struct(column.type):
        for index, field in enumerate(column.type):
            _update(digest, f"{name}.{field.name}", pc.struct_field(column, index))
    elif pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        lengths = pc.fill_null(pc.binary_length(column), 0)
        digest.update(lengths.to_numpy().astype("<i8").tobytes())
        empty = b"" if pa.types.is_binary(column.type) else ""
        for chunk in column.chunks:  # to fill all at once would copy all images
            _update_data(digest, pc.fill_null(chunk, empty))
    elif pa.types.is_list(column.type):
        lengths = pc.fill_null(pc.list_value_length(column), 0)
        digest.update(lengths.to_numpy().astype("<i8").tobytes())
        _update(digest, f"{name}[]", pc.list_flatten(column))
    else:
        zero = pa.scalar(0).cast(column.type)
        digest.update(np.ascontiguousarray(pc.fill_null(column, zero).to_numpy()).tobytes())


def _update_data(digest: "hashlib._Hash", chunk: pa.Array) -> None:
    """Hash the bytes of all values, straight from Arrow's buffers, with no loop over rows."""
    _, offsets_buffer, data = chunk.buffers()
    if data is None or len(chunk) == 0:
        return
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[chunk.offset :][: len(chunk) + 1]
    digest.update(memoryview(data)[int(offsets[0]) : int(offsets[-1])])
