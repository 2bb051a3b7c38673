"""By how much synthetic images raised each class's recall, and which figure goes along with it."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator
from sau.pipeline.report.formats import plain
from sau.pipeline.report.runs import MeasuredRun, read_measured
from sau.settings.names import did_you_mean
from sau.storage.belonging import is_made_from
from sau.storage.manifest.reading import read_record
from sau.tools.quality.figures import ClassFigures

METRICS = "evaluation/**/metrics.parquet"
MEASURES = (
    *("kernel_distance", "precision", "recall", "density", "coverage"),
    *("spectrum", "colour"),
)
"""Figures that a gain may go along with."""

REAL = "train_real"
"""Real training images of a class: what every figure has to be compared with."""

LEAST_CLASSES = 5
RESAMPLES = 2000

Values = npt.NDArray[np.float64]


class Gains(NamedTuple):
    """A row's recall less the baseline's, in percentage points.

    Attributes:
        mean: of each class over seeds.
        standard_error: of that mean; NaN of a single seed.
        factor: the imbalance factor.
        seeds: that both rows have.
        real: real training images of each class, with which gains go along before all.
    """

    mean: Values
    standard_error: Values
    factor: str
    seeds: int
    real: Values


class Correlation(NamedTuple):
    """Spearman's rank correlation of a figure with the gains, with its interval over classes."""

    value: float
    low: float
    high: float


def read_gains(results: Path, row: str, baseline: str, factor: str, classes: int) -> Gains:
    """Read what a row of the report gained over another one, class by class.

    Runs that an earlier run of the pipeline has left, on other images, do not count.

    Args:
        results: the folder of the run.
        row: label of the row that trained on synthetic images.
        baseline: label of the row that it is compared with.
        factor: the imbalance factor; empty: the largest that both have.
        classes: how many there are.

    Raises:
        UserError: no such row or factor, or no seed that both have.
    """
    runs = read_measured(_of_these_images(results))
    known = list(dict.fromkeys(run.record.label for run in runs))
    for flag, label in (("--row", row), ("--baseline", baseline)):
        if label not in known:
            hint = did_you_mean(label, known) or f"known are {', '.join(known)}"
            raise UserError(f"{flag}: no row {label!r} in {results}; {hint}")
    both = [_by_seed(runs, label, classes) for label in (row, baseline)]
    shared = [key for key in both[0] if key in both[1]]
    factors = sorted({key[0] for key in shared}, key=float)
    chosen = factor or (factors[-1] if factors else "")
    pairs = [(both[0][key], both[1][key]) for key in shared if key[0] == chosen]
    if not pairs:
        raise UserError(
            f"--imbalance-factor: {chosen or 'none'}, but {row!r} and {baseline!r} have "
            f"{', '.join(factors) or 'none'} in common; evaluate both rows"
        )
    gains = np.array([one - other for one, other in pairs])
    spread = gains.std(axis=0, ddof=1) if len(gains) > 1 else np.full(classes, np.nan)
    error = spread / math.sqrt(len(gains))
    real = _real_images(runs, row, chosen, classes)
    return Gains(gains.mean(axis=0), error, chosen, len(gains), real)


def correlations(
    figures: Sequence[ClassFigures], gains: Gains, seed: int
) -> Mapping[str, Correlation]:
    """Return how each figure goes along with the gains, and the number of real images with them.

    Over the classes that have both.

    The interval is that of a bootstrap over classes, from the 2.5th to the 97.5th percentile. With
    ten classes it is wide, and of seven figures one may stand out by chance.

    Args:
        figures: of each class, in label order.
        gains: of the same classes.
        seed: of the bootstrap.
    """
    found = {}
    measured = {name: np.array([getattr(one, name) for one in figures]) for name in MEASURES}
    for name, values in {REAL: gains.real, **measured}.items():
        both = np.isfinite(values) & np.isfinite(gains.mean)
        if both.sum() >= LEAST_CLASSES and np.ptp(values[both]) > 0 < np.ptp(gains.mean[both]):
            found[name] = _correlation(values[both], gains.mean[both], seed)
    return found


def _of_these_images(results: Path) -> list[Path]:
    """Return the metrics of runs on the images that are there now, by the recorded hashes."""
    sources = {
        "predictions.train_images": read_record(results / "dataset" / "train.parquet"),
        "members.kept": read_record(results / "filter" / "kept.parquet"),
    }
    found = sorted(results.glob(METRICS))
    own = [
        path
        for path in found
        if all(is_made_from(read_record(path), *source) for source in sources.items())
    ]
    if found and not own:
        raise UserError(
            f"--row: {results}: all {len(found)} runs were trained on other images than the kept "
            "ones that are there; run the pipeline again"
        )
    return own


def _correlation(values: Values, gains: Values, seed: int) -> Correlation:
    stream = numpy_generator("quality", seed, "correlation")
    drawn = []
    for _ in range(RESAMPLES):
        places = stream.integers(0, len(values), len(values))
        if np.ptp(values[places]) > 0 < np.ptp(gains[places]):
            drawn.append(float(spearmanr(values[places], gains[places]).statistic))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Correlation(float(spearmanr(values, gains).statistic), float(low), float(high))


def _real_images(runs: Sequence[MeasuredRun], label: str, factor: str, classes: int) -> Values:
    """Return the real training images of each class of a row at a factor."""
    run = next(
        run
        for run in runs
        if run.record.label == label and plain(run.record.imbalance_factor) == factor
    )
    rows = run.metrics[run.metrics["split"] == "class"].set_index("label")["train_real"]
    counts: Values = rows.reindex(range(classes)).to_numpy(dtype=np.float64)
    return counts


def _by_seed(
    runs: Sequence[MeasuredRun], label: str, classes: int
) -> dict[tuple[str, int, int], Values]:
    """Return the recall of each class, by factor, data seed and seed."""
    found = {}
    for run in runs:
        record = run.record
        if record.label == label:
            rows = run.metrics[run.metrics["split"] == "class"].set_index("label")["top1_last"]
            key = plain(record.imbalance_factor), record.data_seed, record.seed
            found[key] = rows.reindex(range(classes)).to_numpy(dtype=np.float64)
    return found
