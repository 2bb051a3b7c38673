"""A hash of what a table says, whatever file or row group it stands in."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def content_hash(table: pa.Table) -> str:
    """Return the SHA-256 of the table's column names, types, nulls and values, as 64 hex digits.

    Row order counts; compression, chunks, metadata and the library's version do not.
    """
    digest = hashlib.sha256()
    for name in table.column_names:
        _update(digest, name, table.column(name).combine_chunks())
    return digest.hexdigest()


def _update(digest: "hashlib._Hash", name: str, column: pa.Array) -> None:
    if isinstance(column, pa.ChunkedArray):  # what a table of no rows gives
        column = pa.array([], column.type)
    digest.update(f"{name}\x1f{column.type}\x1f{len(column)}\x1e".encode())
    digest.update(np.packbits(column.is_null().to_numpy(zero_copy_only=False)).tobytes())
    if pa.types.is_struct(column.type):
        for index, field in enumerate(column.type):
            _update(digest, f"{name}.{field.name}", pc.struct_field(column, index))
    elif pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        _update_variable(digest, pc.fill_null(column, b"" if column.type == pa.binary() else ""))
    else:
        zero = pa.scalar(0).cast(column.type)
        values = pc.fill_null(column, zero).to_numpy(zero_copy_only=False)
        digest.update(np.ascontiguousarray(values).tobytes())


def _update_variable(digest: "hashlib._Hash", column: pa.Array) -> None:
    """Hash lengths, then all bytes; straight from Arrow's buffers, with no loop over rows."""
    lengths = pc.binary_length(column).to_numpy(zero_copy_only=False)
    digest.update(lengths.astype("<i8").tobytes())
    _, offsets_buffer, data = column.buffers()
    if data is None or len(column) == 0:
        return
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[column.offset :][: len(column) + 1]
    digest.update(memoryview(data)[int(offsets[0]) : int(offsets[-1])])
