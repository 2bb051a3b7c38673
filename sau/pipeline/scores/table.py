"""A shard's rows of the scores manifest, batch by batch."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sau.device.transfer import Download
from sau.pipeline.scores.measures import Measures
from sau.pipeline.scores.prepare import Prepared
from sau.pipeline.scores.score import Scorer
from sau.pipeline.scores.stream import batched, one_behind
from sau.storage.manifest.schemas import CLASSIFIED, SCHEMAS, STATUS_FAILED, STATUS_OK

NOT_FINITE = "its embedding, or its text's, is not finite"

_SCHEMA = SCHEMAS["scores"]
_MEASURES = [field.name for field in dataclasses.fields(Measures)]
_NUMBERS = ("score", "class_score", "zero_shot", "zero_shot_probability", "margin")


def score_batches(
    rows: pa.Table, images: Iterable[Prepared], scorer: Scorer, batch_size: int
) -> Iterator[pa.Table]:
    """Yield the rows of the scores manifest, `batch_size` at a time.

    Args:
        rows: id, label, status and reason of each image, as the images manifest has them.
        images: each of them, prepared; taken as they are needed.
        scorer: of the shard.
        batch_size: images that are scored at once.
    """
    for batch in one_behind(_scored(rows, images, scorer, batch_size)):
        yield batch.table()


@dataclasses.dataclass(frozen=True)
class _Batch:
    """Consecutive rows; `places` are those of the `images` that went through the scorer."""

    rows: pa.Table
    images: list[Prepared]
    places: list[int]
    found: Download | None

    def table(self) -> pa.Table:
        """Return the rows of the scores manifest; on a GPU, wait for the scores."""
        found = self.found.arrays() if self.found else {}
        scored = np.zeros(len(self.images), dtype=bool)
        scored[self.places] = found.get("finite", False)
        statuses, reasons = self._outcome(scored)
        columns: dict[str, Any] = {
            "id": self.rows["id"],
            "label": self.rows["label"],
            **{name: self._measured(name) for name in _MEASURES},
            **{name: self._number(found.get(name), scored) for name in _NUMBERS},
            **{name: pa.nulls(len(self.images), _SCHEMA.field(name).type) for name in CLASSIFIED},
            "embedding": _embeddings(found, scored),
            "status": statuses,
            "reason": pa.array(reasons, pa.string()),
        }
        return pa.table(columns).select(_SCHEMA.names).cast(_SCHEMA)

    def _measured(self, name: str) -> pa.Array:
        values = [getattr(image.measures, name, None) for image in self.images]
        return pa.array(values, _SCHEMA.field(name).type)

    def _number(self, column: npt.NDArray[Any] | None, scored: npt.NDArray[np.bool_]) -> pa.Array:
        values = np.full(len(self.images), np.nan)
        if column is not None:
            values[self.places] = column
        # A margin is not a number where there is but one class.
        return pa.array(values, mask=~scored | np.isnan(values))

    def _outcome(self, scored: npt.NDArray[np.bool_]) -> tuple[list[str], list[str | None]]:
        """Return status and reason of each row."""
        before = zip(self.rows["status"].to_pylist(), self.rows["reason"].to_pylist(), strict=True)
        pairs = [
            _outcome_of(*pair, image, bool(done))
            for pair, image, done in zip(before, self.images, scored, strict=True)
        ]
        return [status for status, _ in pairs], [reason for _, reason in pairs]


def _scored(
    rows: pa.Table, images: Iterable[Prepared], scorer: Scorer, batch_size: int
) -> Iterator[_Batch]:
    start = 0
    for batch in batched(images, batch_size):
        readable = [(i, image.pixels) for i, image in enumerate(batch) if image.pixels is not None]
        places = [place for place, _ in readable]
        found = None
        if readable:
            found = scorer([start + place for place in places], [pixels for _, pixels in readable])
        yield _Batch(rows.slice(start, len(batch)), batch, places, found)
        start += len(batch)


def _outcome_of(
    status: str, reason: str | None, image: Prepared, scored: bool
) -> tuple[str, str | None]:
    """Return status and reason of one image, which had others before."""
    if status != STATUS_OK:
        return STATUS_FAILED, reason
    if image.reason:
        return STATUS_FAILED, image.reason
    return (STATUS_OK, None) if scored else (STATUS_FAILED, NOT_FINITE)


def _embeddings(found: Mapping[str, npt.NDArray[Any]], scored: npt.NDArray[np.bool_]) -> pa.Array:
    if not found:
        return pa.nulls(len(scored), _SCHEMA.field("embedding").type)
    kept = found["embedding"][found["finite"]]
    ends = np.cumsum(np.concatenate([[0], scored])) * kept.shape[1]
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()), pa.array(kept.ravel()), mask=pa.array(~scored)
    )
