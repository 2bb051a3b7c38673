"""Records to rows of the images manifest: one row in, one row out, failures included."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image

from sau.core.progress import progress
from sau.sources.decode import UnreadableImageError, bytes_of, decode, encode_png
from sau.sources.record import ImageRecord, Listing
from sau.sources.resize import resize
from sau.storage.failures import report_failures
from sau.storage.manifest.schemas import SCHEMAS, STATUS_FAILED, STATUS_OK
from sau.storage.spool import spool

BATCH_ROWS = 2048
BATCH_BYTES = 32 * 2**20


def images_table(
    listing: Listing,
    *,
    image_size: int | None,
    description: str,
    on_image: Callable[[Image.Image], None] | None = None,
    spool_in: Path | None = None,
    batch_rows: int = BATCH_ROWS,
    batch_bytes: int = BATCH_BYTES,
) -> pa.Table:
    """Read, check and resize each image of `listing`.

    Args:
        listing: the images, in the order of the rows.
        image_size: pixels of the square to resize to; None leaves the images as they are.
        description: what the progress bar says.
        on_image: called with each readable image (RGB, as it will be decoded from the row).
        spool_in: folder on whose disk the rows wait; None holds all of them in memory.
        batch_rows: of so many rows at most there are a few batches in memory, at least 1.
        batch_bytes: of encoded images, after which a batch ends too, at least 1.

    Returns: a table of kind "images" with len(listing) rows. An image that was neither converted
        nor resized keeps its own bytes, any other becomes PNG. What cannot be read is a row with
        status failed, the reason, and no image.
    """
    schema = SCHEMAS["images"]
    rows = (_row(record, image_size, on_image) for record in listing.records())
    shown = progress(rows, description, total=len(listing), unit="image")
    batches = _batched(shown, schema, batch_rows, batch_bytes)
    if spool_in is None:
        table = pa.Table.from_batches(batches, schema)
    else:
        table = spool(batches, schema, spool_in)
    report_failures(table, description)
    return table


def _row(
    record: ImageRecord, image_size: int | None, on_image: Callable[[Image.Image], None] | None
) -> dict[str, Any]:
    row = {"id": record.id, "label": record.label, "prompt": record.prompt, "seed": None}
    try:
        data = bytes_of(record.data, record.path)
        decoded, changed = decode(data)
    except UnreadableImageError as error:
        return row | {"status": STATUS_FAILED, "reason": str(error)}
    image = resize(decoded, image_size)
    if changed or image is not decoded:
        data = encode_png(image)
    if on_image:
        on_image(image)
    return row | {
        "image": {"bytes": data, "path": None},
        "width": image.width,
        "height": image.height,
        "status": STATUS_OK,
    }


def _batched(
    rows: Iterator[dict[str, Any]], schema: pa.Schema, batch_rows: int, batch_bytes: int
) -> Iterator[pa.RecordBatch]:
    batch: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row["image"]["bytes"]) if "image" in row else 0
        if len(batch) == batch_rows or size >= batch_bytes:
            yield pa.RecordBatch.from_pylist(batch, schema)
            batch, size = [], 0
    if batch:
        yield pa.RecordBatch.from_pylist(batch, schema)
