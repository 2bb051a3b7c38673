"""The complement stage: the synthetic images that fill a long tail of real ones."""

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.longtail.complement import best_complement, complement_counts, draw_complement
from sau.pipeline.complement.settings import ComplementSettings
from sau.pipeline.complement.shortage import advice, shortage
from sau.storage import manifest
from sau.storage.belonging import Agree, check_inputs
from sau.storage.outputs import writes
from sau.storage.provenance import provenance

logger = logging.getLogger(__name__)

SUBSET_FACTS = (
    "dataset",
    "class_names",
    "requested_imbalance_factor",
    "imbalance_factor",
    "data_seed",
    "real_counts",
)
"""Facts of the long tail that its complement hands on; the data seed is the complement's too."""


BELONGING = (Agree(("class_names",), ("real", "kept")),)


@writes("output")
def complement(
    real: Path, kept: Path, output: Path, *, made_by: str = "", settings: ComplementSettings
) -> None:
    """Fill each class of the long tail up to the largest: `N_syn(c) = N_max - N_real(c)`.

    Args:
        real: manifest of the real training images, as the subset stage wrote it; its data seed is
            that of the draw.
        kept: manifest of kept synthetic images.
        output: manifest of members to write: the synthetic training images, by class.
        made_by: how the number of images came about, for advice alone: prompts, rounds or imported.
        settings: the section `complement`.

    Raises:
        UserError: real members that no subset stage wrote, too few synthetic images of a class, or
            images without a score of which the best are wanted; or images of other classes.
    """
    inputs = {"real": real, "kept": kept}
    check_inputs(inputs, *BELONGING)
    facts = manifest.read_facts(real, "members", *SUBSET_FACTS)
    names, counts = facts["class_names"], facts["real_counts"]
    synthetic = manifest.read(kept, "kept", columns=["id", "label", "score", "kept"])
    synthetic = synthetic.filter(synthetic["kept"])
    manifest.check_labels(kept, synthetic["label"], names)

    labels = synthetic["label"].to_numpy().astype(np.int64)
    lacking = complement_counts(counts)
    if settings.order == "best":
        _check_scores(kept, synthetic["score"])
        chosen = best_complement(labels, synthetic["score"], synthetic["id"], lacking)
    else:
        chosen = draw_complement(labels, lacking, facts["data_seed"])
    drawn = np.bincount(labels[chosen], minlength=len(counts)).tolist()
    short = shortage(lacking, drawn, names)
    if short and settings.on_shortage == "refuse":
        raise UserError(f"complement: {short}; {advice(made_by)}")
    if short:
        logger.warning("%s; these classes stay smaller", short)

    rows = synthetic.select(["id", "label", "score"]).take(pa.array(chosen))
    rows = rows.append_column("is_synthetic", pa.repeat(pa.scalar(True), len(chosen)))
    facts |= {"synthetic_counts": drawn, "lacking_counts": lacking}
    made = provenance("complement", settings, inputs, **facts)
    manifest.write(output, "members", rows, made)


def _check_scores(kept: Path, scores: pa.ChunkedArray) -> None:
    missing = len(scores) - pc.sum(pc.is_finite(scores), min_count=0).as_py()
    if missing:
        raise UserError(
            f"complement.order: best, but {missing} of {len(scores)} kept images in {kept} have no "
            "score; set it to random, or score the images with scores.scorer open_clip"
        )
