"""The table of decisions: one row for each row of the scores."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.pipeline.filter.images import Images
from sau.pipeline.filter.rules import Columns, passes
from sau.pipeline.filter.shares import ranks
from sau.storage.manifest.schemas import FILTER_RULES, SCHEMAS, STATUS_FAILED


def decisions(scores: pa.Table, images: Images, columns: Columns, verdicts: pa.Array) -> pa.Table:
    """Put together what was decided.

    Args:
        scores: all rows.
        images: the readable ones of them, N in the same order.
        columns: for each rule that is on, its reasons, (N,).
        verdicts: why each is kept or not, (N,).

    Returns: a table of the schema `kept`; an image that failed is not kept, and no rule's doing.
    """
    readable = pc.not_equal(scores["status"], STATUS_FAILED).to_numpy()
    # Where each row stands among the readable ones; null for those that failed.
    places = pa.array(np.cumsum(readable) - 1, mask=~readable)

    def spread(column: pa.Array) -> pa.Array:
        return column.take(places)

    kept = pc.fill_null(spread(pa.array(passes(columns, len(images)))), False)
    off = pa.nulls(len(scores), pa.string())
    found = {
        "id": scores["id"],
        "label": scores["label"],
        "score": scores["score"],
        "rank": spread(_ranks(images)),
        **{name: spread(columns[name]) if name in columns else off for name in FILTER_RULES},
        "kept": kept,
        "reason": pc.fill_null(spread(verdicts), "image failed"),
    }
    return pa.table(found, schema=SCHEMAS["kept"])


def _ranks(images: Images) -> pa.Array:
    """Return ranks within the class, from 1; null for images without a score."""
    order = images.order
    places = ranks(images.labels, order[images.scored[order]])
    return pa.array(places.astype(np.int32), mask=places == 0)
