"""The subset stage: the long tail of real images and its synthetic complement."""

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau import manifest
from sau.errors import UserError
from sau.manifest.schemas import STATUS_OK
from sau.provenance import provenance
from sau.subset.complement import Labels, complement_counts, draw_complement
from sau.subset.longtail import cap_imbalance_factor, long_tailed_counts, sample
from sau.subset.settings import AS_IS, SubsetSettings

logger = logging.getLogger(__name__)


def subset(
    train_images: Path,
    kept: Path,
    output: Path,
    *,
    imbalance_factor: str,
    data_seed: int,
    settings: SubsetSettings,
) -> None:
    """Cut the long tail and fill it with synthetic images.

    Args:
        train_images: manifest of the real training images.
        kept: manifest of kept synthetic images.
        output: manifest of members: first the real images, then the synthetic ones, by class.
        imbalance_factor: N_max / N_min, at least 1; or as-is.
        data_seed: of the sample and of the complement.
        settings: the section `subset`.

    Raises:
        UserError: an impossible factor, a class that would be empty, more images than there are.
    """
    if not 0 <= data_seed < 2**32:
        raise UserError(f"--data-seed: {data_seed} must be from 0 to {2**32 - 1}")
    metadata = manifest.read_facts(train_images, "images", "class_names", "dataset")
    real = manifest.read(train_images, "images", columns=["id", "label", "status"])
    real = real.filter(pc.equal(real["status"], STATUS_OK))
    synthetic = manifest.read(kept, "kept", columns=["id", "label", "kept"])
    synthetic = synthetic.filter(synthetic["kept"])
    manifest.check_labels(train_images, real["label"], metadata["class_names"])
    manifest.check_labels(kept, synthetic["label"], metadata["class_names"])

    real_labels = real["label"].to_numpy().astype(np.int64)
    counts, applied = real_counts(real_labels, metadata["class_names"], imbalance_factor, settings)
    chosen_real = (
        np.argsort(real_labels, kind="stable")
        if imbalance_factor == AS_IS
        else sample(real_labels, counts, settings.protocol, data_seed, metadata["class_names"])
    )
    lacking = complement_counts(counts)
    synthetic_labels = synthetic["label"].to_numpy().astype(np.int64)
    chosen_synthetic = draw_complement(synthetic_labels, lacking, data_seed)
    drawn = np.bincount(synthetic_labels[chosen_synthetic], minlength=len(counts)).tolist()
    _check_shortage(lacking, drawn, metadata["class_names"], settings)

    table = pa.concat_tables(
        [_members(real, chosen_real, False), _members(synthetic, chosen_synthetic, True)]
    )
    facts: dict[str, Any] = {
        "dataset": metadata["dataset"],
        "class_names": metadata["class_names"],
        "requested_imbalance_factor": imbalance_factor,
        "imbalance_factor": round(applied, 6),
        "data_seed": data_seed,
        "real_counts": counts,
        "synthetic_counts": drawn,
        "lacking_counts": lacking,
    }
    inputs = {"train_images": train_images, "kept": kept}
    manifest.write(output, "members", table, provenance("subset", settings, inputs, **facts))


def real_counts(
    labels: Labels, class_names: list[str], imbalance_factor: str, settings: SubsetSettings
) -> tuple[list[int], float]:
    """Return how many real images each class keeps, and the imbalance factor that is applied.

    Raises:
        UserError: the factor is no number of at least 1, or leaves a class empty.
    """
    available = np.bincount(labels, minlength=len(class_names)).tolist()
    if imbalance_factor == AS_IS:
        if min(available) == 0:
            raise UserError(f"subset: class {class_names[available.index(0)]} has no real image")
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
    return long_tailed_counts(largest, len(class_names), capped), capped


def _parse_factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = float("nan")
    if not 1 <= factor < float("inf"):
        raise UserError(f"--imbalance-factor: {text!r} must be a number of at least 1, or {AS_IS}")
    return factor


def _check_shortage(
    lacking: list[int], drawn: list[int], class_names: list[str], settings: SubsetSettings
) -> None:
    short = [
        f"{name} lacks {want}, has {got}"
        for name, want, got in zip(class_names, lacking, drawn, strict=True)
        if got < want
    ]
    if not short:
        return
    problem = f"too few kept synthetic images: {'; '.join(short[:5])}" + (
        f"; and {len(short) - 5} more classes" if len(short) > 5 else ""
    )
    if settings.on_shortage == "refuse":
        raise UserError(
            f"subset: {problem}; raise prompts.per_class or filter.keep_fraction, "
            "or set subset.on_shortage to underfill"
        )
    logger.warning("%s; these classes stay smaller", problem)


def _members(table: pa.Table, indices: Labels, is_synthetic: bool) -> pa.Table:
    rows = table.select(["id", "label"]).take(pa.array(indices))
    return rows.append_column("is_synthetic", pa.array([is_synthetic] * len(indices), pa.bool_()))
