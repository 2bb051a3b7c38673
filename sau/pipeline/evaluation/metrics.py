"""Top-1 accuracy of one run: of all classes, of many-, medium- and few-shot ones, of each."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.storage.manifest.schemas import BEST_ON_VALIDATION, SELECTIONS

Counts = npt.NDArray[np.int64]

SHOTS = ("many", "medium", "few")


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
        100.0 * int(correct[mask].sum()) / total if correct is not None and total else None
        for mask, total in zip(selected, images, strict=True)
    ]


def shots(real: Counts, *, many_above: int, few_at_most: int) -> npt.NDArray[np.str_]:
    """Call each class many, medium or few, by its real training images.

    Args:
        real: (classes,) real training images of each class.
        many_above: more than this is many.
        few_at_most: this or fewer is few.

    Returns: (classes,) names.
    """
    return np.where(real > many_above, "many", np.where(real <= few_at_most, "few", "medium"))


def count(labels: pa.ChunkedArray, classes: int) -> Counts:
    """Return how often each class occurs in `labels`, as (classes,).

    Raises:
        UserError: a label outside 0 to classes - 1.
    """
    values = labels.to_numpy().astype(np.int64)
    if values.size and not 0 <= values.min() <= values.max() < classes:
        raise UserError(
            f"labels from {values.min()} to {values.max()}, expected 0 to {classes - 1}; "
            "members, predictions and class names must be of one data set"
        )
    return np.bincount(values, minlength=classes).astype(np.int64)


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
