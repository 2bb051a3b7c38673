"""Filter, subset and complement as a plain script has them: pandas, and a loop over the rows."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Hashes = npt.NDArray[np.uint64]


@dataclasses.dataclass(frozen=True)
class Limits:
    """The rules' settings, named as in the config's section `filter`."""

    keep_fraction: float
    threshold: float
    margin: float
    duplicate_hash_distance: int
    leak_hash_distance: int
    blank_contrast: float
    dark_brightness: float
    blurred_sharpness: float
    quota: int


def curate(
    folder: Path, output: Path, limits: Limits, classes: int, largest: int, factor: float
) -> list[str]:
    """Decide, cut and fill, for the first `classes` classes; write three tables.

    Args:
        folder: holds train.parquet, scores.parquet and test.parquet (`curation_data`).
        output: where the tables go.
        limits: of the rules.
        classes: how many of the classes.
        largest: images of the largest class.
        factor: the tail's imbalance factor.

    Returns: ids of the images that are kept, in the order of the scores.
    """
    scores = pd.read_parquet(folder / "scores.parquet")
    scores = scores[scores["label"] < classes]
    tests = pd.read_parquet(folder / "test.parquet")["perceptual_hash"].to_numpy().view(np.uint64)
    decided = pd.DataFrame(
        [row for _, group in scores.groupby("label") for row in _decide(group, tests, limits)]
    )
    decided.to_parquet(output / "reference-kept.parquet")
    train = pd.read_parquet(folder / "train.parquet", columns=["id", "label"])
    real, counts = _cut(train, classes, largest, factor)
    real.to_parquet(output / "reference-real.parquet")
    filled = _fill(decided, counts)
    filled.to_parquet(output / "reference-synthetic.parquet")
    kept = decided[decided["kept"]].set_index("id")
    return [name for name in scores["id"] if name in kept.index]


def _decide(group: pd.DataFrame, tests: Hashes, limits: Limits) -> list[dict[str, Any]]:
    """Judge the images of a class, one after the other, best first."""
    group = group.sort_values(["score", "id"], ascending=[False, True])
    share = math.ceil(round(limits.keep_fraction * len(group), 9))
    hashes = group["perceptual_hash"].to_numpy().view(np.uint64)
    staying: list[np.uint64] = []
    rows, full = [], 0
    for rank, (row, bits) in enumerate(zip(group.itertuples(), hashes, strict=True), start=1):
        why = _own_figures(row, limits)
        near = np.bitwise_count(tests ^ bits)
        if near.min() <= limits.leak_hash_distance:
            why["leak"] = f"near test image {near.argmin()} ({near.min()} bits)"
        better = np.bitwise_count(np.array(staying, dtype=np.uint64) ^ bits)
        if len(better) and better.min() <= limits.duplicate_hash_distance:
            why["near_duplicate"] = f"near image {better.argmin()} ({better.min()} bits)"
        else:
            staying.append(bits)
        if rank > share:
            why["top_fraction"] = f"rank {rank} of {len(group)}"
        if not why:
            full += 1
            if full > limits.quota:
                why["quota"] = f"number {full}"
        decided = {"id": row.id, "label": row.label, "rank": rank, "kept": not why}
        rows.append({**decided, **why})
    return rows


def _own_figures(row: Any, limits: Limits) -> dict[str, str]:
    why = {}
    for name, figure, least in (
        ("blank", row.contrast, limits.blank_contrast),
        ("dark", row.brightness, limits.dark_brightness),
        ("blurred", row.sharpness, limits.blurred_sharpness),
        ("threshold", row.score, limits.threshold),
        ("margin", row.margin, limits.margin),
    ):
        if np.float32(figure) < np.float32(least):
            why[name] = f"{figure}, below {least}"
    if row.zero_shot != row.label:
        why["zero_shot"] = f"taken for {row.zero_shot}"
    return why


def _cut(
    train: pd.DataFrame, classes: int, largest: int, factor: float
) -> tuple[pd.DataFrame, list[int]]:
    """Return the long tail of real images, and its counts."""
    steps = max(classes - 1, 1)
    counts = [int(largest * factor ** (-label / steps)) for label in range(classes)]
    random = np.random.RandomState(0)
    chosen = []
    for label, count in enumerate(counts):
        places = random.choice(np.flatnonzero(train["label"] == label), count, replace=False)
        chosen += [{"id": train["id"].iloc[place], "label": label} for place in places]
    return pd.DataFrame(chosen), counts


def _fill(decided: pd.DataFrame, counts: list[int]) -> pd.DataFrame:
    """Return the synthetic images that fill each class to the largest."""
    random = np.random.RandomState(0)
    chosen = []
    for label, count in enumerate(counts):
        kept = decided[(decided["label"] == label) & decided["kept"]]
        places = random.permutation(len(kept))[: max(counts) - count]
        chosen += [{"id": kept["id"].iloc[place], "label": label} for place in places]
    return pd.DataFrame(chosen)
