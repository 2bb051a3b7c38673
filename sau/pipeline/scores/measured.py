"""A shard without a scorer: its images are measured, and no row costs time that has none.

Nothing here imports PyTorch, which takes longer to load than many shards to measure.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.ahead import map_ahead
from sau.core.progress import progress
from sau.pipeline.scores.measures import Measures
from sau.pipeline.scores.prepare import Encoded, Prepare, Prepared
from sau.pipeline.scores.stream import IMAGES_OF_A_TASK, TASKS_OF_A_WORKER, decoding_pool
from sau.storage import manifest
from sau.storage.manifest.schemas import SCHEMAS, STATUS_FAILED, STATUS_OK, STATUS_UNSCORED

_SCHEMA = SCHEMAS["scores"]
_MEASURES = [field.name for field in dataclasses.fields(Measures)]

Places = npt.NDArray[np.int64]


def measure_shard(images: Path, rows: pa.Table, workers: int) -> pa.Table:
    """Return the rows of the scores manifest of a shard that nothing scores.

    Args:
        images: the shard, a manifest of images; read only if there is an image to measure.
        rows: its rows without their images: id, label, status and reason.
        workers: processes that decode and measure; 0: a thread.
    """
    places = np.flatnonzero(pc.equal(rows["status"], STATUS_OK).to_numpy(zero_copy_only=False))
    with decoding_pool(workers) as pool:
        ahead = TASKS_OF_A_WORKER * max(workers, 1) + 1
        tasks = map_ahead(pool, Prepare(), _tasks(images) if len(places) else iter(()), ahead)
        each = (one for task in tasks for one in task)
        measured = list(progress(each, "scores", total=len(places), unit="image"))
    return _table(rows, places, measured)


def _tasks(images: Path) -> Iterator[list[Encoded | None]]:
    """Yield the images that did not fail before, a row group of them in memory at a time."""
    for group in manifest.read_groups(images, "images", columns=["image", "status"]):
        there = group.filter(pc.equal(group["status"], STATUS_OK))["image"]
        for start in range(0, len(there), IMAGES_OF_A_TASK):
            found = there.slice(start, IMAGES_OF_A_TASK).to_pylist()
            yield [
                Encoded(image["bytes"], image["path"]) if image else Encoded(None, None)
                for image in found
            ]


def _table(rows: pa.Table, places: Places, measured: list[Prepared]) -> pa.Table:
    """Return the rows of the manifest; `measured` belongs to the rows at `places`."""
    statuses = np.full(rows.num_rows, STATUS_FAILED, dtype=object)
    reasons = rows["reason"].to_numpy(zero_copy_only=False).copy()
    statuses[places] = [STATUS_FAILED if one.reason else STATUS_UNSCORED for one in measured]
    reasons[places] = [one.reason for one in measured]
    columns: dict[str, Any] = {
        name: pa.nulls(rows.num_rows, _SCHEMA.field(name).type) for name in _SCHEMA.names
    }
    columns |= {"id": rows["id"], "label": rows["label"]}
    columns |= {name: _column(name, rows.num_rows, places, measured) for name in _MEASURES}
    columns |= {"status": pa.array(statuses), "reason": pa.array(reasons, pa.string())}
    return pa.table(columns).cast(_SCHEMA)


def _column(name: str, count: int, places: Places, measured: list[Prepared]) -> pa.Array:
    """Return one measure of all rows, null where there is no image."""
    kind = _SCHEMA.field(name).type
    own = pa.array([getattr(one.measures, name, None) for one in measured], kind)
    index = np.full(count, -1, dtype=np.int64)
    index[places] = np.arange(len(places))
    return own.take(pa.array(index, mask=index < 0))
