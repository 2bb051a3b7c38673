"""The rows of a published data set: kept images with all that is known of each, by class."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.spool import spool
from sau.tools.kept_images import MEASURES, Found
from sau.tools.publish_images.features import COLUMNS
from sau.tools.publish_images.generators import Generator
from sau.tools.publish_images.licences import IMPORTED, Licences

Places = npt.NDArray[np.int64]

_BATCH_ROWS = 64
_DECIDED = ("id", "score", "rank", "kept", "reason")
_PLAIN = pa.schema([(name, kind) for name, kind, _ in COLUMNS])


def has_imported(found: Found) -> bool:
    """Return whether any of the kept images was drawn by no generator."""
    kept = manifest.read(found.kept, "kept", columns=["id", "kept"])
    kept_ids = kept.filter(kept["kept"])["id"].combine_chunks()
    for path in found.images:
        rows = manifest.read(path, "images", columns=["id", "seed"])
        imported = rows.filter(rows["seed"].is_null())["id"]
        if pc.any(pc.is_in(imported, value_set=kept_ids)).as_py():
            return True
    return False


def read_rows(
    found: Found, generators: Sequence[Generator], licences: Licences, spool_in: Path
) -> pa.Table:
    """Return the kept images by class, within a class in the order of the shards.

    Args:
        found: the files.
        generators: that drew them.
        licences: of these, and of imported images.
        spool_in: folder on whose disk the rows wait.

    Returns: a table with the columns `COLUMNS`, mapped from the disk.

    Raises:
        UserError: no image was kept, or one is not among the images or the scores.
    """
    said = _said(found)
    by_label = {label: one for one in generators for label in one.labels}
    batches = (
        batch
        for path in found.images
        for group in manifest.read_groups(path, "images")
        for batch in _rows(group, said, found.class_names, by_label, licences)
    )
    table = spool(batches, _PLAIN, spool_in)
    if table.num_rows < said.num_rows:
        raise UserError(
            f"{found.kept}: {said.num_rows - table.num_rows} of its images are not in "
            f"{found.images[0].parent}; run the pipeline again"
        )
    order = np.argsort(table["label"].to_numpy(), kind="stable")
    return _in_order(table, order, spool_in)


def content_of(rows: pa.Table) -> str:
    """Return the content hash of ids, pictures, labels and prompts, as a manifest of images has it.

    Whoever imports the data set gets the same.
    """
    kinds = manifest.SCHEMAS["images"]
    paths = pa.nulls(rows.num_rows, pa.string())
    data = pc.struct_field(rows["image"], "bytes")
    chunks, start = [], 0
    for chunk in data.chunks:
        empty = paths.slice(start, len(chunk))
        chunks.append(pa.StructArray.from_arrays([chunk, empty], ["bytes", "path"]))
        start += len(chunk)
    image = pa.chunked_array(chunks, kinds.field("image").type)
    table = pa.table(
        {
            "id": rows["id"],
            "image": image,
            "label": rows["label"].cast(pa.int32()),
            "prompt": rows["prompt"],
        }
    )
    return manifest.content_hash(table)


def _said(found: Found) -> pa.Table:
    """Return what filter and scores say of each kept image, without its picture."""
    kept = manifest.read(found.kept, "kept", columns=list(_DECIDED))
    kept = kept.filter(kept["kept"]).drop_columns(["kept"])
    if not kept.num_rows:
        raise UserError(f"{found.kept}: no image was kept, so there is nothing to publish")
    scores = manifest.read(found.scores, "scores", columns=["id", *MEASURES])
    places = pc.index_in(kept["id"], value_set=scores["id"])
    if places.null_count:
        raise UserError(
            f"{found.kept}: {places.null_count} of its images are not among the scores; run the "
            "pipeline again"
        )
    measured = scores.take(places).drop_columns(["id"])
    for name in measured.column_names:
        kept = kept.append_column(name, measured[name])
    return kept


def _rows(
    group: pa.Table,
    said: pa.Table,
    class_names: list[str],
    generators: Mapping[int, Generator],
    licences: Licences,
) -> Iterator[pa.RecordBatch]:
    """Yield the kept images of a row group, image by image."""
    for batch in group.to_batches(max_chunksize=_BATCH_ROWS):
        places = pc.index_in(batch["id"], value_set=said["id"])
        chosen = pc.indices_nonzero(places.is_valid())
        if not len(chosen):
            continue
        facts = said.take(places.drop_null()).to_pylist()
        rows = [
            {**image, **fact} | _more(image, fact, class_names, generators, licences)
            for image, fact in zip(batch.take(chosen).to_pylist(), facts, strict=True)
        ]
        yield pa.RecordBatch.from_pylist(rows, _PLAIN)


def _more(
    image: Mapping[str, Any],
    fact: Mapping[str, Any],
    class_names: list[str],
    generators: Mapping[int, Generator],
    licences: Licences,
) -> dict[str, Any]:
    """Return what is published of an image besides what its manifests hold."""
    data = image["image"]["bytes"]
    drawn = generators.get(image["label"]) if image["seed"] is not None else None
    licence = (
        licences.of_generator(drawn.name, drawn.known_licence) if drawn else licences.of_imported
    )
    nearest = fact["zero_shot"]
    return {
        "image": {"bytes": data, "path": f"{image['id'].rsplit('/', 1)[-1]}{_suffix(data)}"},
        "generator": drawn.name if drawn else IMPORTED,
        "generator_licence": licence or None,
        "zero_shot": None if nearest is None else class_names[nearest],
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _suffix(data: bytes) -> str:
    return ".png" if data.startswith(b"\x89PNG") else ".jpg" if data.startswith(b"\xff\xd8") else ""


def _in_order(table: pa.Table, order: Places, folder: Path) -> pa.Table:
    """Return the rows at these places, mapped from another file on the disk."""
    parts = table.to_batches()
    starts = np.cumsum([0, *(part.num_rows for part in parts)])

    def row(place: int) -> pa.RecordBatch:
        part = int(np.searchsorted(starts, place, side="right")) - 1
        return parts[part].slice(place - int(starts[part]), 1)

    batches = (
        pa.concat_batches([row(place) for place in order[start : start + _BATCH_ROWS].tolist()])
        for start in range(0, len(order), _BATCH_ROWS)
    )
    return spool(batches, table.schema, folder)
