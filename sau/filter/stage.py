"""The filter stage."""

import logging
from pathlib import Path

import pyarrow as pa

from sau import manifest
from sau.errors import UserError
from sau.filter.keep import keep_top_fraction
from sau.filter.settings import FilterSettings
from sau.manifest.schemas import STATUS_UNSCORED
from sau.provenance import provenance

logger = logging.getLogger(__name__)


def filter(scores: list[Path], output: Path, *, settings: FilterSettings) -> None:  # noqa: A001
    """Decide which synthetic images may be trained on.

    Args:
        scores: the shards of the scores.
        output: manifest of kept: one row for each row of the scores, with the decision's reason.
        settings: the section `filter`.

    Raises:
        UserError: a share of images without a score is to be ranked.
    """
    table = manifest.read(scores, "scores").to_pandas()
    if settings.keep_fraction < 1 and (table["status"] == STATUS_UNSCORED).any():
        raise UserError(
            f"filter.keep_fraction: {settings.keep_fraction:g}, but the images have no scores to "
            "rank by; set it to 1, or score them with scores.scorer open_clip"
        )
    kept = keep_top_fraction(table, settings.keep_fraction)
    for label, rows in kept.groupby("label"):
        if not rows["kept"].any():
            logger.warning("class %s: none of its %d synthetic images is kept", label, len(rows))
    logger.info("%d of %d synthetic images kept", kept["kept"].sum(), len(kept))
    manifest.write(
        output,
        "kept",
        pa.Table.from_pandas(kept, schema=manifest.SCHEMAS["kept"], preserve_index=False),
        provenance("filter", settings, {"scores": scores}),
    )
