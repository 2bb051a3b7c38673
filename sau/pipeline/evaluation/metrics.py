"""Top-1 accuracy of one run: of all classes, of many-, medium- and few-shot ones, of each."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import ArgumentError, UserError
from sau.metrics import SHOTS, Counts, class_counts, shots
from sau.metrics.accuracy import percent
from sau.storage.manifest.schemas import BEST_ON_VALIDATION, SELECTIONS


def metrics_table(
    predictions: pa.Table, members: pa.Table, classes: int, *, many_above: int, few_at_most: int
) -> pa.Table:
    """Return the metrics of one run, in the columns of the metrics manifest.

    Args:
        predictions: columns selection, label and predicted; each test image once per selection.
        members: columns label and is_synthetic; the images that the run was trained on.
        classes: number of classes; labels are 0 to classes - 1.
        many_above: a class with more real training images is many-shot.
        few_at_most: a class with so many real training images or fewer is few-shot.

    Returns: rows all, many, medium, few, then one row `class` per class in label order; top-1 in
    percent over the split's test images, null where it has none. Without a validation split
    top1_best_on_validation is null everywhere.

    Raises:
        UserError: a label that is no class, a selection that is missing or has other test images.
    """
    synthetic = members["is_synthetic"]
    real = count(members.filter(pc.invert(synthetic))["label"], classes)
    generated = count(members.filter(synthetic)["label"], classes)
    tested, correct = _tested_and_correct(predictions, classes)
    shot = shots(real, many_above=many_above, few_at_most=few_at_most)
    each = np.eye(classes, dtype=bool)
    selected = [np.full(classes, True), *(shot == name for name in SHOTS), *each]
    test_images = [int(tested[mask].sum()) for mask in selected]
    return pa.table(
        {
            "split": ["all", *SHOTS, *["class"] * classes],
            "label": pa.array([*[None] * (1 + len(SHOTS)), *range(classes)], pa.int32()),
            "train_real": [int(real[mask].sum()) for mask in selected],
            "train_synthetic": [int(generated[mask].sum()) for mask in selected],
            "test_images": test_images,
            **{
                f"top1_{name}": pa.array(
                    _percentages(correct.get(name), selected, test_images), pa.float64()
                )
                for name in SELECTIONS
            },
        }
    )


def _percentages(
    correct: Counts | None, selected: Sequence[npt.NDArray[np.bool_]], images: Sequence[int]
) -> list[float | None]:
    """Return the share of right answers of each selected part; None where there is none."""
    return [
        percent(int(correct[mask].sum()), total) if correct is not None and total else None
        for mask, total in zip(selected, images, strict=True)
    ]


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


def _tested_and_correct(predictions: pa.Table, classes: int) -> tuple[Counts, dict[str, Counts]]:
    """Return the test images of each class, and the right ones of them by selection."""
    tested: dict[str, Counts] = {}
    correct: dict[str, Counts] = {}
    for name in SELECTIONS:
        rows = predictions.filter(pc.equal(predictions["selection"], name))
        if rows.num_rows == 0 and name == BEST_ON_VALIDATION:
            continue
        if rows.num_rows == 0:
            raise UserError(f"the predictions hold no rows of selection {name!r}")
        tested[name] = count(rows["label"], classes)
        if not np.array_equal(tested[name], tested["last"]):
            raise UserError(f"the predictions' selections last and {name} hold other test images")
        right = rows.filter(pc.equal(rows["label"], rows["predicted"]))
        correct[name] = count(right["label"], classes)
    return tested["last"], correct
