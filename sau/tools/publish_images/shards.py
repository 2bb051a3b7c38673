"""Parquet shards as the Hub has them: called by split, number and how many there are."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER, SPLIT = "data", "train"

SHARD_BYTES = 500 * 2**20
"""Of pictures and columns in a shard, before compression: what `datasets` makes them."""

GROUP_BYTES = 64 * 2**20
GROUP_ROWS = 1000
"""Of a row group: the viewer of the Hub reads whole ones."""


def write_shards(
    rows: pa.Table, schema: pa.Schema, folder: Path, *, shard_bytes: int = SHARD_BYTES
) -> int:
    """Write rows as `data/train-00000-of-00003.parquet` and so on.

    Args:
        rows: in their order, at least one.
        schema: of the files, with what `datasets` is to know of it.
        folder: of the data set.
        shard_bytes: after so many a new shard begins.

    Returns: bytes of all rows, uncompressed.
    """
    (folder / FOLDER).mkdir()
    files: list[Path] = []
    written = of_shard = 0
    writer: pq.ParquetWriter | None = None
    for group in _groups(rows.cast(schema)):
        if writer is None or of_shard + group.nbytes > shard_bytes:
            if writer is not None:
                writer.close()
            files.append(folder / FOLDER / f"{SPLIT}-{len(files):05d}")
            writer = pq.ParquetWriter(
                files[-1],
                schema,
                compression="zstd",
                write_page_index=True,
                # Pages end where contents say so: a set with a few more images shares the others.
                use_content_defined_chunking=True,
            )
            of_shard = 0
        writer.write_table(group)
        of_shard += group.nbytes
        written += group.nbytes
    if writer is not None:
        writer.close()
    for file in files:
        file.rename(file.with_name(f"{file.name}-of-{len(files):05d}.parquet"))
    return written


def _groups(rows: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows of one row group after the other, of bounded size."""
    waiting: list[pa.RecordBatch] = []
    size = count = 0
    for batch in rows.to_batches():
        for start in range(batch.num_rows):
            row = batch.slice(start, 1)
            if waiting and (size + row.nbytes > GROUP_BYTES or count == GROUP_ROWS):
                yield pa.Table.from_batches(waiting).combine_chunks()
                waiting, size, count = [], 0, 0
            waiting.append(row)
            size, count = size + row.nbytes, count + 1
    if waiting:
        yield pa.Table.from_batches(waiting).combine_chunks()
