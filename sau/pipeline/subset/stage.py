"""The subset stage: the long tail of real images."""

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.longtail.counts import Labels, cap_imbalance_factor, long_tailed_counts, sample_long_tail
from sau.longtail.validation import hold_out, validation_counts
from sau.pipeline.subset.settings import AS_IS, SubsetSettings
from sau.storage import manifest
from sau.storage.belonging import Split, check_inputs
from sau.storage.manifest.schemas import STATUS_OK
from sau.storage.outputs import writes
from sau.storage.provenance import provenance

BELONGING = (Split("train_images", "training"),)

logger = logging.getLogger(__name__)


@writes("real", "validation")
def subset(
    train_images: Path,
    real: Path,
    validation: Path,
    *,
    imbalance_factor: str,
    data_seed: int,
    settings: SubsetSettings,
) -> None:
    """Cut the long tail of real images, and hold out a part of it for validation if asked to.

    The tail has its exact counts first; what is held out is then taken off them, at random in each
    class, and never the last image of a class. No synthetic image has a part in it.

    Args:
        train_images: manifest of the real training images.
        real: manifest of members to write: the real training images, by class.
        validation: manifest of members to write: those held out, by class; no rows where
            validation_fraction is 0.
        imbalance_factor: N_max / N_min of the tail, at least 1; or as-is.
        data_seed: of the sample and of what is held out.
        settings: the section `subset`.

    Raises:
        UserError: an impossible factor, a class that would be empty, more images than there are.
    """
    if not 0 <= data_seed < 2**32:
        raise UserError(f"--data-seed: {data_seed} must be from 0 to {2**32 - 1}")
    inputs = {"train_images": train_images}
    check_inputs(inputs, *BELONGING)
    metadata = manifest.read_facts(train_images, "images", "class_names", "dataset")
    images = manifest.read(train_images, "images", columns=["id", "label", "status"])
    images = images.filter(pc.equal(images["status"], STATUS_OK))
    manifest.check_labels(train_images, images["label"], metadata["class_names"])

    labels = images["label"].to_numpy().astype(np.int64)
    counts, applied = real_counts(labels, metadata["class_names"], imbalance_factor, settings)
    chosen, is_held = tail_of(labels, counts, imbalance_factor, data_seed, settings)
    held = validation_counts(counts, settings.validation_fraction)
    facts: dict[str, Any] = {
        "dataset": metadata["dataset"],
        "class_names": metadata["class_names"],
        "requested_imbalance_factor": imbalance_factor,
        "imbalance_factor": round(applied, 6),
        "data_seed": data_seed,
        "real_counts": [count - out for count, out in zip(counts, held, strict=True)],
        "validation_counts": held,
    }
    made = provenance("subset", settings, inputs, **facts)
    for path, split, mask in ((real, "training", ~is_held), (validation, "validation", is_held)):
        manifest.write(path, "members", _members(images, chosen[mask]), {**made, "split": split})


def tail_of(
    labels: Labels,
    counts: list[int],
    imbalance_factor: str,
    data_seed: int,
    settings: SubsetSettings,
) -> tuple[Labels, npt.NDArray[np.bool_]]:
    """Return which images are the tail, as indices into `labels`, and which of these are held out.

    Args:
        labels: of all real training images, (N,).
        counts: of each class in the tail; see `real_counts`.
        imbalance_factor: that they were counted for.
        data_seed: of the sample and of what is held out.
        settings: the section `subset`.
    """
    chosen = (
        np.argsort(labels, kind="stable")
        if imbalance_factor == AS_IS
        else sample_long_tail(labels, counts, protocol=settings.protocol, seed=data_seed)
    )
    held = validation_counts(counts, settings.validation_fraction)
    return chosen, hold_out(labels[chosen], held, data_seed)


def real_counts(
    labels: Labels, class_names: list[str], imbalance_factor: str, settings: SubsetSettings
) -> tuple[list[int], float]:
    """Return how many real images the tail has of each class, and the factor that is applied.

    Raises:
        UserError: the factor is no number of at least 1, or leaves a class empty.
    """
    available = np.bincount(labels, minlength=len(class_names)).tolist()
    if min(available) == 0:
        raise UserError(f"subset: class {class_names[available.index(0)]} has no real image")
    if imbalance_factor == AS_IS:
        return available, max(available) / min(available)
    factor = _parse_factor(imbalance_factor)
    largest = settings.largest_class or min(available)
    capped = cap_imbalance_factor(largest, len(class_names), factor)
    if not math.isclose(capped, factor):
        problem = (
            f"imbalance factor {factor:g} leaves class {class_names[-1]} empty: the largest class "
            f"has {largest} images, so the largest possible factor is {capped:g}"
        )
        if settings.on_empty_class == "refuse":
            raise UserError(f"subset: {problem}; choose it, or set subset.on_empty_class to cap")
        logger.warning("%s; it is capped there", problem)
    counts = long_tailed_counts(largest, len(class_names), capped)
    _refuse_too_few(counts, available, class_names)
    return counts, capped


def _refuse_too_few(counts: list[int], available: list[int], class_names: list[str]) -> None:
    for name, count, there in zip(class_names, counts, available, strict=True):
        if there < count:
            raise UserError(
                f"subset: class {name} should keep {count} real images, but has {there}; "
                "lower subset.largest_class, or leave it out"
            )


def _parse_factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = float("nan")
    if not 1 <= factor < float("inf"):
        raise UserError(f"--imbalance-factor: {text!r} must be a number of at least 1, or {AS_IS}")
    return factor


def _members(images: pa.Table, indices: npt.NDArray[np.int64]) -> pa.Table:
    rows = images.select(["id", "label"]).take(pa.array(indices))
    rows = rows.append_column("is_synthetic", pa.repeat(pa.scalar(False), len(indices)))
    for name in ("score", "true_label"):
        kind = manifest.SCHEMAS["members"].field(name).type
        rows = rows.append_column(name, pa.nulls(len(indices), kind))
    return rows
