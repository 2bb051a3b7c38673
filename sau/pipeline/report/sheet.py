"""Which images the sheets show, and their form inside a page."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sau.pipeline.report.tiles import SHEET_CLASSES, ClassSheet, Sheet, Tile, tile_of

KINDS = {"real": "Real", "kept": "Synthetic, kept", "rejected": "Synthetic, rejected"}
"""What a class has images of, and the headings of the columns."""


def choose(members: pd.DataFrame, kept: pd.DataFrame, classes: int, count: int) -> pd.DataFrame:
    """Choose up to `count` images of each kind and shown class.

    Args:
        members: columns id, label, is_synthetic; the real ones are shown in their order.
        kept: columns id, label, score, rank, kept, reason; kept ones are shown best first,
            rejected ones worst first, those without a rank (failed ones) last.
        classes: number of classes.
        count: images of each kind and class.

    Returns: columns id, label, kind, score, reason, in the order of the sheet.
    """
    ranked = kept.sort_values("rank", na_position="last", kind="stable")
    worst = kept.sort_values("rank", ascending=False, na_position="last", kind="stable")
    frames = [
        members[~members["is_synthetic"]].assign(kind="real", score=np.nan, reason=""),
        ranked[ranked["kept"]].assign(kind="kept"),
        worst[~worst["kept"]].assign(kind="rejected"),
    ]
    columns = ["id", "label", "kind", "score", "reason"]
    rows = pd.concat([f[columns].astype({"score": float}) for f in frames], ignore_index=True)
    rows = rows[rows["label"].isin(shown_classes(classes))]
    return rows.groupby(["label", "kind"], sort=False).head(count).reset_index(drop=True)


def shown_classes(classes: int) -> list[int]:
    """Return the labels that have a sheet."""
    shown = np.linspace(0, classes - 1, min(classes, SHEET_CLASSES)).round().astype(int)
    return [int(label) for label in shown]


def sheets(
    chosen: pd.DataFrame, images: Mapping[str, Mapping[str, Any]], class_names: Sequence[str]
) -> Sheet:
    """Make the sheets.

    Args:
        chosen: what `choose` returns.
        images: rows of the images manifests by id: image, prompt, status and reason.
        class_names: in label order.
    """
    kinds = [kind for kind in KINDS if kind in set(chosen["kind"])]
    made: dict[int, ClassSheet] = {
        label: ClassSheet(class_names[label], {kind: [] for kind in kinds})
        for label in shown_classes(len(class_names))
    }
    for row in chosen.to_dict("records"):
        made[row["label"]].tiles[row["kind"]].append(_tile(row, images.get(row["id"], {})))
    caption = _caption(len(class_names), synthetic=len(kinds) > 1)
    return Sheet(
        "Images", caption, ["Class", *(KINDS[kind] for kind in kinds)], list(made.values())
    )


def _caption(classes: int, *, synthetic: bool) -> str:
    """Say what the sheets show, be there synthetic images or not."""
    words = "Real training images of the first run" + (
        ", kept ones from the best score down, rejected ones from the worst up; under an image its "
        "score, its prompt on hovering."
        if synthetic
        else "."
    )
    if classes > SHEET_CLASSES:
        words += f" {SHEET_CLASSES} of {classes} classes are shown."
    return words


def _tile(row: Mapping[Any, Any], image: Mapping[str, Any]) -> Tile:
    words = [image.get("prompt"), row["reason"], image.get("reason")]
    caption = "" if np.isnan(row["score"]) else f"{row['score']:.3f}"
    return tile_of(image, "; ".join(w for w in words if w) or row["id"], caption)
