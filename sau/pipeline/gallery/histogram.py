"""Histograms of what was measured, for each class, of kept and of rejected images."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

BINS = 40
"""A histogram has at most so many bins, and one more where its ends are rounded outwards."""


class Bins(NamedTuple):
    """Bins of equal width: the lower end of the first one, in `step`s from 0, and their number."""

    first: int
    step: float
    number: int


def histograms(images: pd.DataFrame, measure: str, classes: int) -> dict[str, Any] | None:
    """Count the synthetic images by what was measured.

    Bins are the same for all classes, so that these can be compared.

    Args:
        images: columns label, kind (kept or rejected) and the measure (NaN where not measured).
        measure: name of the column.
        classes: number of classes.

    Returns: as JSON values `low` and `step` of the bins, and for kept and rejected by kind: a list
        by class of counts in each bin (`counts`), images without the measure (`without`) and the
        mean (`means`, None of no image), whose last entry is that of all classes. None if nothing
        was measured.
    """
    values = images[measure].to_numpy(dtype=np.float64, na_value=np.nan)
    there = np.isfinite(values)
    if not there.any():
        return None
    bins = bins_of(float(values[there].min()), float(values[there].max()))
    labels = images["label"].to_numpy(dtype=np.int64)
    found: dict[str, Any] = {"low": bins.first * bins.step, "step": bins.step}
    for kind in ("kept", "rejected"):
        of_kind = (images["kind"] == kind).to_numpy(dtype=bool)
        chosen = of_kind & there
        found[kind] = {
            "counts": _counts(values[chosen], labels[chosen], bins, classes).tolist(),
            "without": np.bincount(labels[of_kind & ~there], minlength=classes).tolist(),
            "means": _means(values[chosen], labels[chosen], classes),
        }
    return found


def bins_of(low: float, high: float) -> Bins:
    """Return bins from `low` to `high` whose ends are round: multiples of 1, 2 or 5 times 10^n."""
    width = (high - low) / BINS or max(abs(low), 1.0) / 100
    power = 10.0 ** math.floor(math.log10(width))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= width * (1 - 1e-9))
    first = math.floor(low / step)
    return Bins(first, step, max(math.ceil(high / step) - first, 1))


def _counts(
    values: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], bins: Bins, classes: int
) -> npt.NDArray[np.int64]:
    """Count the values of each class in each bin: (classes, bins.number)."""
    places = np.floor(values / bins.step).astype(np.int64) - bins.first
    places = np.clip(places, 0, bins.number - 1)  # the highest value stands on the last bin's end
    flat = np.bincount(labels * bins.number + places, minlength=classes * bins.number)
    return flat.reshape(classes, bins.number)


def _means(
    values: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], classes: int
) -> list[float | None]:
    """Return the mean of each class, then that of all; None of no values."""
    sums = np.bincount(labels, weights=values, minlength=classes)
    counts = np.bincount(labels, minlength=classes)
    sums, counts = np.append(sums, sums.sum()), np.append(counts, counts.sum())
    return [
        float(f"{total / count:.6g}") if count else None
        for total, count in zip(sums, counts, strict=True)
    ]
