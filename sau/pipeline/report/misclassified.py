"""The test images that the best row gets wrong: what one looks at next."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sau.pipeline.report.runs import Run
from sau.pipeline.report.tiles import SHEET_CLASSES, ClassSheet, Sheet, tile_of
from sau.storage.manifest.schemas import LAST

COLUMNS = ["id", "label", "predicted", "confidence"]


def best_row(runs: Sequence[Run]) -> list[Run]:
    """Return the runs of the row with the highest mean top-1 at the last epoch, first of equals."""
    rows: dict[str, list[Run]] = {}
    for run in runs:
        rows.setdefault(run.record.run, []).append(run)

    def mean(of_row: Sequence[Run]) -> float:
        top1 = [
            run.metrics.loc[run.metrics["split"] == "all", "top1_last"].iloc[0] for run in of_row
        ]
        return float(sum(top1) / len(top1))

    return max(rows.values(), key=mean)


def misclassified(runs: Sequence[Run]) -> pd.DataFrame:
    """Return the test images that more than half of a row's runs get wrong.

    Args:
        runs: of one row.

    Returns: `COLUMNS`: predicted is the wrong class that most of them say, confidence their mean
        confidence in it; by class, the most confident first.
    """
    frames = [run.predictions[run.predictions["selection"] == LAST] for run in runs]
    wrong = pd.concat(frames, ignore_index=True)
    wrong = wrong[wrong["label"] != wrong["predicted"]]
    often = wrong.groupby("id")["id"].transform("size")
    said = wrong[often > len(runs) / 2].groupby(["id", "label", "predicted"], as_index=False)
    answers = said.agg(votes=("confidence", "size"), confidence=("confidence", "mean"))
    answers = answers.sort_values(
        ["votes", "confidence", "predicted"], ascending=[False, False, True], kind="stable"
    ).drop_duplicates("id")
    order = ["label", "confidence", "id"]
    return answers.sort_values(order, ascending=[True, False, True])[COLUMNS].reset_index(drop=True)


def shown(wrong: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the first `count` of each class, of the classes with the most images, these first.

    Args:
        wrong: what `misclassified` returns.
        count: images of each class.
    """
    classes = wrong["label"].value_counts(sort=False).sort_values(ascending=False, kind="stable")
    places = {label: place for place, label in enumerate(classes.index[:SHEET_CLASSES])}
    rows = wrong[wrong["label"].isin(places)].groupby("label", sort=False).head(count)
    return rows.sort_values("label", key=lambda labels: labels.map(places), kind="stable")


def sheet(
    wrong: pd.DataFrame,
    count: int,
    row: str,
    images: Mapping[str, Mapping[str, Any]],
    class_names: Sequence[str],
) -> Sheet | None:
    """Return the sheet of misclassified images; None where there are none.

    Args:
        wrong: what `misclassified` returns.
        count: images of each class.
        row: label of the row.
        images: rows of the test images by id, of those that `shown` returns at least.
        class_names: in label order.
    """
    if wrong.empty:
        return None
    total = wrong["label"].value_counts()
    made = []
    for label, of_class in shown(wrong, count).groupby("label", sort=False):
        name = class_names[int(str(label))]
        tiles = [
            tile_of(
                images.get(image["id"], {}),
                f"{image['id']}: {name}, taken for {class_names[image['predicted']]}",
                f"{class_names[image['predicted']]} {image['confidence']:.2f}",
            )
            for image in of_class.to_dict("records")
        ]
        made.append(ClassSheet(f"{name} ({total[label]})", {"wrong": tiles}))
    caption = (
        f"Test images that more than half of the runs of {row}, the row with the highest top-1, "
        "get wrong at the last epoch, of each class the surest errors first; under an image the "
        "class that it is taken for, and the mean confidence. In brackets: how many there are. The "
        "class with the most comes first."
    )
    return Sheet("Misclassified test images", caption, ["True class", "Taken for"], made)
