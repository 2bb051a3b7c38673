"""Which test images each run got right: what runs are compared image by image with."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc

from sau.pipeline.report.runs import MeasuredRun
from sau.storage import manifest
from sau.storage.manifest.schemas import LAST

Answers = Mapping[str, "pd.Series[bool]"]
"""By the content hash of a run's predictions: whether it was right, by the image's id."""

COLUMNS = ["selection", "id", "label", "predicted"]


def answers_of(predictions: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether each test image's class was found at the last epoch, by id, in their order.

    Args:
        predictions: `COLUMNS` of the predictions manifest.
    """
    last = predictions[predictions["selection"] == LAST]
    right = last["label"] == last["predicted"]
    return right.set_axis(pd.Index(last["id"], name="id")).sort_index()


def read_answers(runs: Sequence[MeasuredRun], predictions: Sequence[Path]) -> Answers:
    """Read the answers of the runs whose predictions are given.

    Args:
        runs: measured ones.
        predictions: their manifests, in any order; those of other runs are left out, as are runs
            whose predictions are not among them: they may be under way again.

    Raises:
        UserError: a manifest of another kind.
    """
    wanted = {run.predictions_sha256 for run in runs}
    found = {}
    for path in predictions:
        sha256 = manifest.read_metadata(path)["content_sha256"]
        if sha256 in wanted:
            rows = manifest.read(path, "predictions", columns=COLUMNS)
            found[sha256] = answers_of(rows.filter(pc.equal(rows["selection"], LAST)).to_pandas())
    return found
