"""`sau score sheet`: what scores and filter say of each class, as a picture and a table."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from PIL import Image

from sau.core.errors import UserError
from sau.data.decode import decode_image
from sau.pipeline.images.image_generator import Drawn
from sau.pipeline.report.csv_text import csv_of
from sau.storage import manifest
from sau.storage.belonging import Link, check_inputs
from sau.storage.files import atomic_path, write_text
from sau.tools.sample_sheet import SheetRow, draw_sheet

PICTURE, TABLE = "best-and-worst.png", "classes.csv"

log = logging.getLogger(__name__)


def score_sheet(
    kept: Path, scores: list[Path], images: list[Path], output: Path, count: int = 8
) -> None:
    """Draw the best and the worst images of each class by score, and tabulate its figures.

    Args:
        kept: what the filter decided, `filter/kept.parquet`.
        scores: the shards of scores that it decided by.
        images: the shards of images that were scored.
        output: folder to write `best-and-worst.png` and `classes.csv` into.
        count: images of either end of a class; of a class with fewer than twice as many, as many
            as its smaller half.

    Raises:
        UserError: no image with a score, a class with only one, or manifests of other images.
    """
    if count < 1:
        raise UserError(f"--count: {count}, expected at least 1")
    links = Link("kept", "scores", "scores"), Link("kept", "scores.images", "images")
    check_inputs({"kept": kept, "scores": scores, "images": images}, *links)
    names = manifest.read_facts(kept, "kept", "class_names")["class_names"]
    decided = read_decided(kept, scores, names)
    picture = best_and_worst(decided, images, count)
    write_text(output / TABLE, csv_of(class_figures(decided).round(4)))
    with atomic_path(output / PICTURE) as temporary:
        picture.save(temporary, "png", optimize=True)
    log.info("%d images: %s and %s", len(decided), output / PICTURE, output / TABLE)


def read_decided(kept: Path, scores: Sequence[Path], class_names: Sequence[str]) -> pd.DataFrame:
    """Read what the filter decided of each image that has a score, best of its class first.

    Args:
        kept: what the filter decided.
        scores: the shards of scores that it decided by.
        class_names: one for each label.

    Returns: columns id, label, score, rank, kept, class_name, and `agrees`: whether the nearest
        text is that of the image's own class.

    Raises:
        UserError: no image has a score, or one that the filter ranked is not among the scores.
    """
    columns = ["id", "label", "score", "rank", "kept"]
    ranked = manifest.read(kept, "kept", columns=columns).to_pandas().dropna(subset=["rank"])
    if ranked.empty:
        raise UserError(
            f"{kept}: no image has a score, expected some; score them with scores.scorer open_clip"
        )
    measured = manifest.read(scores, "scores", columns=["id", "zero_shot"]).to_pandas()
    rows: pd.DataFrame = ranked.merge(measured, on="id")
    if len(rows) < len(ranked):
        raise UserError(
            f"{kept}: {len(ranked) - len(rows)} of its images are not in --scores; name all shards "
            "of scores that the filter decided by"
        )
    rows["agrees"] = rows["zero_shot"] == rows["label"]
    rows["class_name"] = rows["label"].map(dict(enumerate(class_names)))
    return rows.sort_values(["label", "rank"]).reset_index(drop=True)


def class_figures(decided: pd.DataFrame) -> pd.DataFrame:
    """Return a row of figures for each class, and one for all of them.

    Args:
        decided: as `read_decided` returns it.

    Returns: columns class, images, kept, mean_score_kept, mean_score_rejected, and agree_kept and
        agree_rejected: of which share of them, in percent, the nearest text is that of their class.
    """
    groups = [*_by_class(decided), ("all", decided)]
    return pd.DataFrame(_figures(name, rows) for name, rows in groups)


def _by_class(decided: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return each class's name and rows; two classes of one name (a crane, a crane) stay two."""
    groups = decided.groupby("label", sort=False)
    return [(str(rows["class_name"].iloc[0]), rows) for _, rows in groups]


def _figures(name: str, rows: pd.DataFrame) -> dict[str, object]:
    kept, rejected = rows[rows["kept"]], rows[~rows["kept"]]
    return {
        "class": name,
        "images": len(rows),
        "kept": len(kept),
        "mean_score_kept": kept["score"].mean(),
        "mean_score_rejected": rejected["score"].mean(),
        "agree_kept": 100 * kept["agrees"].mean(),
        "agree_rejected": 100 * rejected["agrees"].mean(),
    }


def best_and_worst(decided: pd.DataFrame, images: Sequence[Path], count: int) -> Image.Image:
    """Draw the images of each class with the best scores, and those with the worst.

    Args:
        decided: as `read_decided` returns it.
        images: the shards of images that were scored.
        count: images of either end; no image stands at both.

    Returns: an RGB image, a row for each class.

    Raises:
        UserError: a class with only one image, or an image that is not there or does not decode.
    """
    ends = [(name, _ends(name, rows, count)) for name, rows in _by_class(decided)]
    wanted = [image for _, both in ends for rows in both for image in rows["id"]]
    found = manifest.read_rows(images, "images", wanted, columns=["id", "image"])
    missing = [image for image in wanted if image not in found]
    if missing:
        raise UserError(
            f"--images: {missing[0]} is not in them, nor are {len(missing) - 1} more; name all "
            "shards of images that were scored"
        )
    sheet_rows = []
    for name, both in ends:
        groups = [
            [_drawn(found[image]["image"]["bytes"], image) for image in rows["id"]] for rows in both
        ]
        sheet_rows.append(SheetRow(f"{name}: scores {_span(both[0])} and {_span(both[1])}", groups))
    return draw_sheet(sheet_rows, ["best", "worst"])


def _ends(name: str, rows: pd.DataFrame, count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    if len(rows) < 2:
        raise UserError(f"class {name}: only one image has a score, expected two at least")
    shown = min(count, len(rows) // 2)
    return rows.head(shown), rows.tail(shown)


def _drawn(encoded: bytes, name: str) -> Drawn:
    return Drawn(decode_image(encoded, name).transpose(1, 2, 0))


def _span(rows: pd.DataFrame) -> str:
    return f"{rows['score'].max():.2f} to {rows['score'].min():.2f}"
