"""One shard from its images to its rows of the scores manifest."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from sau.core.progress import progress
from sau.device.gpus import reserved_device
from sau.pipeline.scores.prepare import Prepare
from sau.pipeline.scores.score import Scorer, open_scorer
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.stream import decoding_pool, prepared_images
from sau.pipeline.scores.table import score_batches
from sau.storage.manifest.schemas import SCHEMAS


def score_shard(
    images: Path, rows: pa.Table, class_names: Sequence[str], settings: ScoresSettings
) -> tuple[pa.Table, dict[str, Any]]:
    """Return the scores of one shard by a scorer, and what is to be recorded of it.

    Args:
        images: the shard, a manifest of images.
        rows: its rows without their images: id, label, prompt, status and reason.
        class_names: of all classes, in label order.
        settings: the section `scores`, with a scorer.

    Returns: rows of the scores manifest, in the shard's order; and `scored`, `model` and
        `embedding_dimension`.

    Raises:
        UserError: no such device, model or weights.
    """
    with reserved_device(settings.device, "scores.device") as device:
        scorer = open_scorer(rows, class_names, settings, device)
        table = _score(images, rows, scorer, settings)
    facts = {"scored": True, "model": settings.model, "embedding_dimension": scorer.dimension}
    return table, facts


def _score(images: Path, rows: pa.Table, scorer: Scorer, settings: ScoresSettings) -> pa.Table:
    prepare = Prepare(scorer.clip.loaded.geometry)
    workers, size = settings.decode_workers, settings.batch_size
    with decoding_pool(workers) as pool:
        prepared = prepared_images(images, prepare, pool, workers=workers, batch_size=size)
        shown = progress(prepared, "scores", total=rows.num_rows, unit="image")
        batches = list(score_batches(rows, shown, scorer, size))
    # So that a shard without images has its columns too.
    return pa.concat_tables([SCHEMAS["scores"].empty_table(), *batches])
