"""The predictions of all folds' test images, put together."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.belonging import check_inputs
from sau.storage.manifest.schemas import LAST

_Z = 1.959964
"""The standard normal's 97.5 % quantile: an interval of 95 %."""


@dataclasses.dataclass(frozen=True)
class Pooled:
    """A row's result over all folds.

    Attributes:
        row: its key in training.runs.
        label: what tables call it.
        imbalance_factor: of its training sets.
        images: test images of all folds, each once.
        seeds: networks that have judged each image.
        top1: mean over seeds of the share of images whose class was found, percent.
        low: lower end of its 95 % interval over test images.
        high: upper end.
        balanced_accuracy: mean over seeds and then classes of the recall, percent.
    """

    row: str
    label: str
    imbalance_factor: str
    images: int
    seeds: int
    top1: float
    low: float
    high: float
    balanced_accuracy: float


def pooled(row: str, label: str, factor: str, folds: Sequence[pd.DataFrame]) -> Pooled:
    """Pool the predictions of a row.

    Args:
        row: its key.
        label: what tables call it.
        factor: the imbalance factor, as in folder names.
        folds: for each fold, columns id, label, predicted, and run (the network).

    Raises:
        UserError: an image is in two folds, so the folds are of different settings.
    """
    ids = [set(fold.id) for fold in folds]
    if len(set().union(*ids)) < sum(map(len, ids)):
        raise UserError(
            f"{row}: an image was tested on in two folds; the folders of the folds are of "
            "different settings, so remove them and run again"
        )
    together = pd.concat(folds)
    together = together.assign(hit=(together.label == together.predicted).astype(float))
    runs = min(int(fold.run.nunique()) for fold in folds)
    images = together.id.nunique()
    share = float(together.groupby("run").hit.mean().mean())
    recalls = together.groupby(["run", "label"]).hit.mean().groupby("run").mean()
    low, high = wilson(share, images)
    percent = [100 * value for value in (share, low, high, float(recalls.mean()))]
    return Pooled(row, label, factor, images, runs, *percent)


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of `count` images, both from 0 to 1.

    Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
    Journal of the American Statistical Association 22 (1927).
    """
    spread = _Z * math.sqrt(share * (1 - share) / count + (_Z / (2 * count)) ** 2)
    centre, scale = share + _Z**2 / (2 * count), 1 + _Z**2 / count
    return max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0)


def predictions_of(
    results: Path, row: str, factor: str, seeds: Sequence[tuple[int, int]]
) -> pd.DataFrame:
    """Return a fold's predictions after the last epoch, of the runs of a row that are asked for.

    Args:
        results: of the fold. Runs of other seeds that lie there are left alone.
        row: its key.
        factor: the imbalance factor, as in folder names.
        seeds: data seed and seed of each run.

    Raises:
        UserError: a run has none, or those that lie there are another run's.
    """
    return pd.concat(_of_run(results, row, factor, *pair) for pair in seeds)


def _of_run(results: Path, row: str, factor: str, data_seed: int, seed: int) -> pd.DataFrame:
    run = Path("training", row, f"imbalance-{factor}", f"data-seed-{data_seed}", f"seed-{seed}")
    path = results / run / "predictions.parquet"
    if not path.is_file():
        raise UserError(f"{path}: no such file; run again to have it made")
    check_inputs({"predictions": path})
    columns = ["selection", "id", "label", "predicted"]
    table: pd.DataFrame = manifest.read(path, "predictions", columns=columns).to_pandas()
    return table[table.selection == LAST].assign(run=run.as_posix())
