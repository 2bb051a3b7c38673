"""Every image that the page may show: its kind, its order, its scores and what rejected it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sau.core.errors import UserError
from sau.storage.manifest.schemas import FILTER_RULES

FAILED = "failed"
"""Stands in place of a rule where none rejects an image that is not kept: it cannot be read."""

REJECTED_BY = {**FILTER_RULES, FAILED: "no readable image"}
"""What rejects images, in the order in which it is asked, and in words."""

INFLUENCE = "influence"

MEASURES = {
    "score": "score: cosine with the prompt",
    "class_score": "class score: cosine with the class",
    "margin": "margin: class score over the next class",
    "zero_shot_probability": "zero-shot probability: of CLIP's own choice",
    "entropy": "entropy: how unsure classifiers are",
    "agreement": "agreement: share of classifiers for its class",
    "loss": "loss: of the classifiers",
    INFLUENCE: "influence: by how much it lowers the validation loss",
    "brightness": "brightness",
    "contrast": "contrast",
    "sharpness": "sharpness",
}
"""Figures that images are sorted by, and that have a histogram."""

RULE_COLUMNS = {rule: f"rejected_by_{rule}" for rule in FILTER_RULES}
"""What the rules' columns are called beside the scores, two of which have a rule's name."""

SCORE_COLUMNS = [
    *(measure for measure in MEASURES if measure not in ("score", INFLUENCE)),
    *("zero_shot", "perceptual_hash"),
]
"""What is read of the scores; `score` itself stands in the kept images' table."""


def synthetic_images(kept: pd.DataFrame, scores: pd.DataFrame | None) -> pd.DataFrame:
    """Join what was measured and what was decided.

    Args:
        kept: the columns of that manifest.
        scores: columns id and `SCORE_COLUMNS`, the same ids in any order; None: not given.

    Returns: the columns of both, those of the rules named as in `RULE_COLUMNS`; kind (kept or
        rejected); decided_by (the first rule that rejects, or `FAILED`; missing for kept ones). By
        class, best first: by rank, without one by score, those without either last.

    Raises:
        UserError: ids that are in one of the tables alone.
    """
    images = kept.rename(columns=RULE_COLUMNS)
    if scores is not None:
        _check_same_ids(set(kept["id"]), set(scores["id"]))
        images = images.merge(scores, on="id", how="left", validate="one_to_one")
    images["kind"] = np.where(images["kept"].astype(bool), "kept", "rejected")
    images["decided_by"] = decided_by(kept)
    return images.sort_values(
        ["label", "rank", "score", "id"], ascending=[True, True, False, True], na_position="last"
    ).reset_index(drop=True)


def decided_by(kept: pd.DataFrame) -> pd.Series:
    """Return the first rule that rejects each image, `FAILED` without one, None for kept images."""
    decided = np.full(len(kept), FAILED, dtype=object)
    for rule in reversed(FILTER_RULES):
        decided[kept[rule].notna().to_numpy()] = rule
    decided[kept["kept"].to_numpy(dtype=bool)] = None
    return pd.Series(decided, index=kept.index, dtype=object)


def real_images(rows: pd.DataFrame, members: Sequence[str] | None) -> pd.DataFrame:
    """Return the real images, by class and then in the table's order.

    Args:
        rows: columns id and label.
        members: the ids to take; None: all.

    Returns: columns id, label, kind and decided_by (missing).

    Raises:
        UserError: members that the table lacks.
    """
    if members is not None:
        absent = set(members) - set(rows["id"])
        if absent:
            raise UserError(
                f"gallery: {len(absent)} members are no training images, the first is "
                f"{min(absent)!r}; give --train-images and --members of one experiment"
            )
        rows = rows[rows["id"].isin(set(members))]
    rows = rows.sort_values("label", kind="stable").reset_index(drop=True)
    return rows[["id", "label"]].assign(kind="real", decided_by=None)


def _check_same_ids(kept: set[str], scored: set[str]) -> None:
    different = kept ^ scored
    if different:
        raise UserError(
            f"gallery: {len(different)} images stand in only one of --kept and --scores, the first "
            f"is {min(different)!r}; give all shards of the scores that the filter read"
        )
