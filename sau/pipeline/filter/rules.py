"""The rules put together: a column for each, and what follows from all of them."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.pipeline.filter.closeness import Closeness
from sau.pipeline.filter.images import Images
from sau.pipeline.filter.near import first_of, near_better_images
from sau.pipeline.filter.reasons import Mask, rejected_by
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.filter.shares import best_first, quota, ranks, top_fraction
from sau.pipeline.filter.thresholds import above, below, other_class
from sau.storage.manifest.schemas import FILTER_RULES

Columns = dict[str, pa.Array]
"""For each rule that is on, its reasons: one row for each readable image, null where it passes."""

Rule = Callable[[Images, FilterSettings, list[str]], pa.Array]

_LEAST = {
    "blank": ("contrast", "blank_contrast"),
    "dark": ("brightness", "dark_brightness"),
    "blurred": ("sharpness", "blurred_sharpness"),
    "threshold": ("score", "threshold"),
    "margin": ("margin", "margin"),
    "agreement": ("agreement", "agreement"),
    "entropy": ("entropy", "entropy"),
}
"""Rules that ask for a least figure: the measure's column, and the setting."""


def judge(
    images: Images, leak: pa.Array | None, settings: FilterSettings, class_names: list[str]
) -> Columns:
    """Let every rule that is on judge the images.

    Each judges all readable images on its own, whatever the others say, so that their columns can
    be compared; the quota alone takes the best of what the others keep.

    Args:
        images: the readable synthetic images.
        leak: reasons of the leak check; None where it rejects nothing.
        settings: the section `filter`; a rule whose setting is null, false or 1 is off.
        class_names: in label order.

    Raises:
        UserError: images that lack a measure which a rule needs.
    """
    columns: Columns = {}
    for name, (measure, key) in _LEAST.items():
        least = getattr(settings, key)
        if least is not None:
            columns[name] = below(images.figures(measure, key), least, measure)
    if settings.loss is not None:
        columns["loss"] = above(images.figures("loss", "loss"), settings.loss, "loss")
    if leak is not None:
        columns["leak"] = leak
    if settings.zero_shot:
        columns["zero_shot"] = _zero_shot(images, class_names)
    if settings.helpful_fraction < 1:
        columns["helpful"] = _helpful(images, settings.helpful_fraction)
    measures = _duplicate_measures(images, settings)
    if measures:
        columns["near_duplicate"] = _near_duplicate(images, measures)
    if settings.keep_fraction < 1:
        images.figures("score", "keep_fraction")
        places = ranks(images.labels, images.order)
        columns["top_fraction"] = top_fraction(images.labels, places, settings.keep_fraction)
    if settings.quota is not None:
        images.figures("score", "quota")
        passed = passes(columns, len(images))
        columns["quota"] = quota(images.labels, images.order, passed, settings.quota)
    return {name: columns[name] for name in FILTER_RULES if name in columns}


def passes(columns: Columns, count: int) -> Mask:
    """Return which of `count` images no rule rejects."""
    passed = np.ones(count, dtype=bool)
    for column in columns.values():
        passed &= ~rejected_by(column)
    return passed


def verdicts(columns: Columns, images: Images, reported: pa.Array | None) -> pa.Array:
    """Return why each image is kept or not: what the first rule says, or that it passes them all.

    Args:
        columns: what `judge` returns.
        images: the readable images.
        reported: reasons that do not reject an image, but are told of it; None if there are none.
    """
    passed = pa.scalar(f"passes {', '.join(columns)}" if columns else "no rule is on")
    kept = pc.if_else(
        pa.array(images.scored),
        passed,
        pc.binary_join_element_wise(passed, "no scorer configured", "; "),
    )
    if reported is not None:
        told = pc.binary_join_element_wise(kept, reported, ", but is ")
        kept = pc.coalesce(told, kept)
    return first_of([*columns.values(), kept])


def _zero_shot(images: Images, class_names: list[str]) -> pa.Array:
    found = images.classes("zero_shot", "zero_shot", len(class_names))
    probability = images.figures("zero_shot_probability", "zero_shot")
    return other_class(found, images.labels, probability, class_names)


def _helpful(images: Images, fraction: float) -> pa.Array:
    influence = images.figures("influence", "helpful_fraction")
    order = best_first(images.labels, influence, images.ids)
    places = ranks(images.labels, order)
    return top_fraction(images.labels, places, fraction, "rank by influence ")


def _duplicate_measures(images: Images, settings: FilterSettings) -> list[Closeness]:
    """Return what near duplicates are told by, embeddings first."""
    measures: list[Closeness] = []
    if settings.duplicate_similarity is not None:
        images.need("embedding", "duplicate_similarity")
        measures.append(images.embeddings(settings.duplicate_similarity, settings.threads))
    if settings.duplicate_hash_distance is not None:
        images.need("perceptual_hash", "duplicate_hash_distance")
        measures.append(images.hashes(settings.duplicate_hash_distance))
    return measures


def _near_duplicate(images: Images, measures: list[Closeness]) -> pa.Array:
    found = near_better_images(measures, images.labels, images.order)
    return first_of(
        [
            near.reasons(measure, images.ids, "the better image")
            for near, measure in zip(found, measures, strict=True)
        ]
    )
