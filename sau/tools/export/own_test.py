"""How well a network did on the test images of its own run, by what training predicted for them."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.networks.saved import CONFIG_FILE
from sau.storage import manifest
from sau.tools.evaluate.figures import Answers, Figures, measure

PREDICTIONS = "predictions.parquet"
COLUMNS = ["selection", "label", "predicted", "confidence", "label_probability"]


@dataclasses.dataclass(frozen=True)
class OwnTest:
    """What a network is worth on the test images that its run kept for it.

    `figures`: with intervals; `images`: how many were tested.
    """

    figures: Figures
    images: int


def chosen(model: TrainedModel) -> tuple[str, int | None]:
    """Return by what the epoch of a model's weights was chosen, and which it is.

    Returns: a selection of the predictions, empty where nobody has recorded it; the epoch or None.
    """
    config: dict[str, Any] = json.loads((model.folder / CONFIG_FILE).read_text(encoding="utf-8"))
    selection, epoch = config.get("selection"), config.get("epoch")
    return (
        selection if isinstance(selection, str) else "",
        epoch if isinstance(epoch, int) else None,
    )


def own_test(model: TrainedModel) -> OwnTest | None:
    """Measure what the training of a model predicted for the test images.

    Args:
        model: in the folder of its run, or in a folder within it such as `best_on_validation`.

    Returns: None where predictions of this very training do not lie beside it.

    Raises:
        UserError: they do, and are damaged.
    """
    selection, _ = chosen(model)
    is_within = (model.folder.absolute().parent / CONFIG_FILE).is_file()
    run = model.folder.absolute().parents[1 if is_within else 0]
    path = run / PREDICTIONS
    if not selection or not path.is_file() or not _is_made_as(path, model.provenance):
        return None
    rows = manifest.read(path, "predictions", columns=COLUMNS)
    rows = rows.filter(pc.equal(rows["selection"], selection))
    if not rows.num_rows:
        return None
    labels, predicted, *probabilities = (rows[name].to_numpy() for name in COLUMNS[1:])
    classes = (each.astype(np.int64) for each in (labels, predicted))
    answers = Answers(*classes, *(each.astype(np.float64) for each in probabilities))
    return OwnTest(measure(answers, len(model.class_names)), rows.num_rows)


def _is_made_as(path: Path, made: Mapping[str, Any]) -> bool:
    """Return whether a file holds the predictions of the training that is recorded so."""
    try:
        told = manifest.read_metadata(path)
    except UserError:  # a file of something else
        return False
    return bool(made) and told["kind"] == "predictions" and told["provenance"] == made
