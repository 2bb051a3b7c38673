"""Figures of one run: of all classes, of many-, medium- and few-shot ones, of each."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import ArgumentError, UserError
from sau.metrics import SHOTS, Counts, class_counts, shots
from sau.pipeline.evaluation.figures import Judged
from sau.storage.manifest.schemas import BEST_ON_VALIDATION, FIGURES, SELECTIONS


def metrics_table(
    predictions: pa.Table, members: pa.Table, classes: int, *, many_above: int, few_at_most: int
) -> pa.Table:
    """Return the metrics of one run, in the columns of the metrics manifest.

    Args:
        predictions: columns selection, label, predicted, confidence and label_probability; each
            test image once per selection.
        members: columns label and is_synthetic; the images that the run was trained on.
        classes: number of classes; labels are 0 to classes - 1.
        many_above: a class with more real training images is many-shot.
        few_at_most: a class with so many real training images or fewer is few-shot.

    Returns: rows all, many, medium, few, then one row `class` per class in label order; figures
    over the split's test images, null where it has none. Balanced accuracy and macro-F1 are means
    over the split's classes, each class's F1 being that on the whole test set. Without a validation
    split the figures of best_on_validation are null everywhere.

    Raises:
        UserError: a label that is no class, a selection that is missing or has other test images.
    """
    synthetic = members["is_synthetic"]
    real = count(members.filter(pc.invert(synthetic))["label"], classes)
    generated = count(members.filter(synthetic)["label"], classes)
    tested, judged = _judged_by_selection(predictions, classes)
    shot = shots(real, many_above=many_above, few_at_most=few_at_most)
    splits = [range(classes), *(np.flatnonzero(shot == name).tolist() for name in SHOTS)]
    splits += [[label] for label in range(classes)]
    return pa.table(
        {
            "split": ["all", *SHOTS, *["class"] * classes],
            "label": pa.array([*[None] * (1 + len(SHOTS)), *range(classes)], pa.int32()),
            "train_real": [int(real[split].sum()) for split in splits],
            "train_synthetic": [int(generated[split].sum()) for split in splits],
            "test_images": [int(tested[split].sum()) for split in splits],
            **_columns(judged, splits),
        }
    )


def _columns(judged: dict[str, Judged], splits: Sequence[Sequence[int]]) -> dict[str, pa.Array]:
    """Return a column for each figure and selection, with a value for each split."""
    columns: dict[str, list[Any]] = {
        f"{figure}_{selection}": [] for figure in FIGURES for selection in SELECTIONS
    }
    for selection in SELECTIONS:
        for split in splits:
            found = judged[selection].figures(split) if selection in judged else None
            for figure in FIGURES:
                columns[f"{figure}_{selection}"].append(found and found[figure])
    return {name: pa.array(values, pa.float64()) for name, values in columns.items()}


def count(labels: pa.ChunkedArray, classes: int) -> Counts:
    """Return how often each class occurs in `labels`, as (classes,).

    Raises:
        UserError: a label outside 0 to classes - 1.
    """
    try:
        return class_counts(labels.to_numpy(), classes)
    except ArgumentError as error:
        raise UserError(
            f"{error}; members, predictions and class names must be of one data set"
        ) from error


def _judged_by_selection(predictions: pa.Table, classes: int) -> tuple[Counts, dict[str, Judged]]:
    """Return the test images of each class, and what each selection that is there is worth."""
    tested: dict[str, Counts] = {}
    judged: dict[str, Judged] = {}
    for name in SELECTIONS:
        rows = predictions.filter(pc.equal(predictions["selection"], name))
        if rows.num_rows == 0 and name == BEST_ON_VALIDATION:
            continue
        if rows.num_rows == 0:
            raise UserError(f"the predictions hold no rows of selection {name!r}")
        tested[name] = count(rows["label"], classes)
        if not np.array_equal(tested[name], tested["last"]):
            raise UserError(f"the predictions' selections last and {name} hold other test images")
        judged[name] = Judged.of(rows, classes)
    return tested["last"], judged
