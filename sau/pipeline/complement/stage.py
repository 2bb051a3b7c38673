"""The complement stage: the synthetic images that fill a long tail of real ones."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.longtail.complement import best_complement, complement_counts, draw_complement
from sau.longtail.need import counts_by_need
from sau.longtail.swapped import swap_labels
from sau.pipeline.complement.judge import read_judge
from sau.pipeline.complement.settings import ComplementSettings
from sau.pipeline.complement.shortage import advice, shortage
from sau.storage import manifest
from sau.storage.belonging import Agree, check_inputs
from sau.storage.outputs import writes
from sau.storage.provenance import provenance

logger = logging.getLogger(__name__)

Labels = npt.NDArray[np.int64]

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

    Or as many images in all by need, if the settings name networks that say which classes are hard
    (`sau.longtail.need`).
    Labels are swapped among them if the settings ask for it. What the images truly show is then
    known, or if a judge says it, and stands beside their labels.

    Args:
        real: manifest of the real training images, as the subset stage wrote it; its data seed is
            that of the draw.
        kept: manifest of kept synthetic images.
        output: manifest of members to write: the synthetic training images, by class.
        made_by: how the number of images came about, for advice alone: prompts, rounds or imported.
        settings: the section `complement`.

    Raises:
        UserError: real members that no subset stage wrote, too few synthetic images of a class, or
            images without a score of which the best are wanted; images of other classes; labels
            that cannot be swapped, or a judge who does not know all images.
    """
    inputs = {"real": real, "kept": kept}
    check_inputs(inputs, *BELONGING)
    facts = manifest.read_facts(real, "members", *SUBSET_FACTS)
    names, counts = facts["class_names"], facts["real_counts"]
    synthetic = manifest.read(kept, "kept", columns=["id", "label", "score", "kept"])
    synthetic = synthetic.filter(synthetic["kept"])
    manifest.check_labels(kept, synthetic["label"], names)

    labels = synthetic["label"].to_numpy().astype(np.int64)
    lacking, need = _wanted(real, names, counts, settings)
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
    given, true, judged = _labels(rows, names, facts["data_seed"], settings)
    columns = {
        "id": rows["id"],
        "label": pa.array(given, pa.int32()),
        "is_synthetic": pa.repeat(pa.scalar(True), len(chosen)),
        "score": rows["score"],
        "true_label": pa.nulls(len(chosen)) if true is None else pa.array(true, pa.int32()),
    }
    rows = pa.table(columns, schema=manifest.SCHEMAS["members"])
    facts |= {"synthetic_counts": drawn, "lacking_counts": lacking, **judged, **need}
    made = provenance("complement", settings, inputs, **facts)
    manifest.write(output, "members", rows, made)


def _wanted(
    real: Path, class_names: list[str], counts: list[int], settings: ComplementSettings
) -> tuple[list[int], dict[str, Any]]:
    """Return how many synthetic images each class gets, and facts of who says so."""
    if not settings.need:
        return complement_counts(counts), {}
    from sau.assets.trained_on import RealImages  # with PyTorch, which takes its time
    from sau.assets.validated import read_validated

    images = RealImages.of_members(real, class_names)
    found = read_validated(settings.need, images, "complement.need")
    return counts_by_need(counts, found.images, found.right), {"need": found._asdict()}


def _labels(
    rows: pa.Table, class_names: list[str], seed: int, settings: ComplementSettings
) -> tuple[Labels, Labels | None, dict[str, Any]]:
    """Return what the images are called, what they truly show if it is known, and facts of that."""
    labels = rows["label"].to_numpy().astype(np.int64)
    if settings.judge:
        true, digest = read_judge(Path(settings.judge), rows["id"].to_pylist(), class_names)
        return labels, true, {"judge_sha256": digest}
    if settings.swap_labels == 0:
        return labels, None, {}
    try:
        swapped = swap_labels(labels, settings.swap_labels, seed)
    except ValueError as error:
        raise UserError(f"complement.swap_labels: {str(error).removeprefix('share: ')}") from error
    return swapped, labels, {"swapped": int((swapped != labels).sum())}


def _check_scores(kept: Path, scores: pa.ChunkedArray) -> None:
    missing = len(scores) - pc.sum(pc.is_finite(scores), min_count=0).as_py()
    if missing:
        raise UserError(
            f"complement.order: best, but {missing} of {len(scores)} kept images in {kept} have no "
            "score; set it to random, or score the images with scores.scorer open_clip"
        )
