"""The images of a manifest that are needed, in manifests of small files."""

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.storage import manifest
from scripts.slices.jobs import PART_BYTES

ROW_BYTES = 64
"""More than a row takes besides its image and id."""


def pack_images(
    path: Path,
    folder: Path,
    stem: str,
    ids: Collection[str] | None,
    part_bytes: int = PART_BYTES,
) -> list[str]:
    """Write rows of an image manifest as manifests smaller than `part_bytes`, bytes as they are.

    A manifest that is small enough and needed as a whole is copied. The others keep its provenance,
    and the content hash that it had as `selected_from`.

    Args:
        path: the manifest.
        folder: where to.
        stem: what the new files' names begin with.
        ids: of the rows to take; None for all.
        part_bytes: what no file reaches.

    Returns the names of the files, in the rows' order; none if there are no rows.

    Raises:
        UserError: an image too large for one file.
    """
    table = manifest.read(path, "images")
    found = table if ids is None else table.filter(pc.is_in(table["id"], pa.array(sorted(ids))))
    if found.num_rows == table.num_rows and path.stat().st_size < part_bytes:
        shutil.copyfile(path, folder / f"{stem}-0.parquet")
        return [f"{stem}-0.parquet"]
    about = manifest.read_metadata(path)
    provenance = about["provenance"] | {"selected_from": about["content_sha256"]}
    names = []
    for place, rows in enumerate(_small_tables(found, part_bytes)):
        names.append(f"{stem}-{place}.parquet")
        manifest.write(folder / names[-1], "images", rows, provenance)
        if (folder / names[-1]).stat().st_size >= part_bytes:
            raise UserError(f"{path}: an image of {part_bytes / 1e6:g} MB, too large to be packed")
    return names


def _small_tables(table: pa.Table, part_bytes: int) -> Iterator[pa.Table]:
    """Yield the table's rows in runs that fit into a file each; a single row may not."""
    images = pc.binary_length(pc.struct_field(table["image"], "bytes"))
    sizes = pc.add(pc.fill_null(images, 0), pc.binary_length(table["id"]))
    ends = np.cumsum(sizes.to_numpy().astype(np.int64) + ROW_BYTES)
    start, before = 0, 0
    while start < table.num_rows:
        end = max(int(np.searchsorted(ends, before + part_bytes * 0.95)), start + 1)
        yield table.slice(start, end - start)
        start, before = end, int(ends[end - 1])
