"""Hashes of what a table says, whatever file it stands in: of a column, of a row group, of all."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.storage.manifest.rows import Column, Rows, column_of, groups_of, of_chunks


def content_hash(rows: Rows) -> str:
    """Return the SHA-256 of the rows' column names, types, nulls and values, as 64 hex digits.

    Row order counts; compression, chunks, row groups, metadata and the library's version do not.
    """
    return _of_columns([_hash(name, column_of(rows, name)) for name in rows.schema.names])


def content_and_group_hashes(rows: Rows, rows_of_a_group: int) -> tuple[str, dict[str, list[str]]]:
    """Return the `content_hash` of rows, and the hashes of their columns in each row group.

    Rows of one row group are looked at once.

    Args:
        rows: any number of them.
        rows_of_a_group: of all groups but the last; at least 1.

    Returns: the hash, and by the name of each column as many `column_hash` as there are groups.
    """
    groups: dict[str, list[str]] = {name: [] for name in rows.schema.names}
    for table in groups_of(rows, rows_of_a_group):
        for name, hashes in groups.items():
            hashes.append(column_hash(name, table.column(name)))
    if rows.num_rows and rows.num_rows <= rows_of_a_group:
        return _of_columns([hashes[0] for hashes in groups.values()]), groups
    return content_hash(rows), groups


def column_hash(name: str, column: pa.ChunkedArray) -> str:
    """Return the SHA-256 of a column's name, type, nulls and values, as 64 hex digits."""
    return _hash(name, of_chunks(column))


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


def _hash(name: str, column: Column) -> str:
    digest = hashlib.sha256()
    _update(digest, name, column)
    return digest.hexdigest()


def _update(digest: "hashlib._Hash", name: str, column: Column) -> None:
    """Hash name, type, nulls and values of a column, chunk by chunk: images may exceed 2 GiB."""
    digest.update(f"{name}\x1f{column.type}\x1f{column.length}\x1e".encode())
    digest.update(_packed_nulls(column))
    if pa.types.is_struct(column.type):
        for index, field in enumerate(column.type):
            _update(digest, f"{name}.{field.name}", _field_of(column, index))
    elif pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        for chunk in column.chunks():
            _update_numbers(digest, pc.binary_length(chunk).cast(pa.int64()))
        empty = b"" if pa.types.is_binary(column.type) else ""
        for chunk in column.chunks():  # to fill all at once would copy all images
            _update_data(digest, pc.fill_null(chunk, empty))
    elif pa.types.is_list(column.type):
        for chunk in column.chunks():
            _update_numbers(digest, pc.list_value_length(chunk).cast(pa.int64()))
        _update(digest, f"{name}[]", _items_of(column))
    else:
        for chunk in column.chunks():
            _update_numbers(digest, chunk)


def _packed_nulls(column: Column) -> bytes:
    found = [chunk.is_null().to_numpy(zero_copy_only=False) for chunk in column.chunks()]
    return np.packbits(np.concatenate([np.empty(0, bool), *found])).tobytes()


def _field_of(column: Column, index: int) -> Column:
    def chunks() -> Iterator[pa.Array]:
        return (pc.struct_field(chunk, index) for chunk in column.chunks())

    return Column(column.type.field(index).type, column.length, chunks)


def _items_of(column: Column) -> Column:
    def chunks() -> Iterator[pa.Array]:
        return (pc.list_flatten(chunk) for chunk in column.chunks())

    return Column(column.type.value_type, sum(map(len, chunks())), chunks)


def _update_numbers(digest: "hashlib._Hash", chunk: pa.Array) -> None:
    """Hash numbers as they stand in memory, little-endian; a missing one is 0."""
    zero = pa.scalar(0).cast(chunk.type)
    values = pc.fill_null(chunk, zero).to_numpy(zero_copy_only=False)
    digest.update(np.ascontiguousarray(values).tobytes())


def _update_data(digest: "hashlib._Hash", chunk: pa.Array) -> None:
    """Hash the bytes of all values, straight from Arrow's buffers, with no loop over rows."""
    _, offsets_buffer, data = chunk.buffers()
    if data is None or len(chunk) == 0:
        return
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[chunk.offset :][: len(chunk) + 1]
    digest.update(memoryview(data)[int(offsets[0]) : int(offsets[-1])])
