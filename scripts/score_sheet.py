"""Show what the scores say of each class: its best and worst images, and its figures.

    python -m scripts.score_sheet --train-images results/cifake-all/dataset/train.parquet \
        --kept results/cifake-all/filter/kept.parquet --scores results/cifake-all/scores/*.parquet \
        --images results/cifake-all/images/*.parquet --output results/published/cifake-filter

writes `best-and-worst.png` and `classes.csv` into the folder.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from PIL import Image

from sau import manifest
from sau.files import atomic_path, write_text
from sau.images.generator import Drawn
from sau.report.csv_text import csv_of
from sau.tools.sample_sheet import SheetRow, draw_sheet
from sau.training.decode import decode_image


def read_decided(kept: Path, scores: Sequence[Path], class_names: Sequence[str]) -> pd.DataFrame:
    """Read what the filter decided of each image that has a score, best of its class first.

    Returns: columns id, label, score, rank, kept, class_name, and `agrees`: whether the nearest
        text is that of the image's own class.
    """
    columns = ["id", "label", "score", "rank", "kept"]
    decided = manifest.read(kept, "kept", columns=columns).to_pandas().dropna(subset=["rank"])
    measured = manifest.read(scores, "scores", columns=["id", "zero_shot"]).to_pandas()
    rows: pd.DataFrame = decided.merge(measured, on="id", validate="one_to_one")
    rows["agrees"] = rows["zero_shot"] == rows["label"]
    rows["class_name"] = rows["label"].map(dict(enumerate(class_names)))
    return rows.sort_values(["label", "rank"]).reset_index(drop=True)


def class_figures(decided: pd.DataFrame) -> pd.DataFrame:
    """Return a row of figures for each class, and one for all of them.

    Columns: class, images, kept, mean_score_kept, mean_score_rejected, and of which share of the
    kept and of the rejected images, in percent, the nearest text is that of their class.
    """
    groups = [(str(name), rows) for name, rows in decided.groupby("class_name", sort=False)]
    return pd.DataFrame(_figures(name, rows) for name, rows in [*groups, ("all", decided)])


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
    """Draw the `count` images of each class with the best scores, and those with the worst."""
    classes = {str(name): rows for name, rows in decided.groupby("class_name", sort=False)}
    ends = {name: (rows.head(count), rows.tail(count)) for name, rows in classes.items()}
    wanted = [name for both in ends.values() for rows in both for name in rows["id"]]
    found = manifest.read_rows(images, "images", wanted, columns=["id", "image"])
    sheet_rows = []
    for name, both in ends.items():
        groups = [
            [_drawn(found[image]["image"]["bytes"], image) for image in rows["id"]] for rows in both
        ]
        sheet_rows.append(SheetRow(f"{name}: scores {_span(both[0])} and {_span(both[1])}", groups))
    return draw_sheet(sheet_rows, ["best", "worst"])


def _drawn(encoded: bytes, name: str) -> Drawn:
    return Drawn(decode_image(encoded, name).transpose(1, 2, 0))


def _span(rows: pd.DataFrame) -> str:
    return f"{rows['score'].max():.2f} to {rows['score'].min():.2f}"


def main() -> None:
    """Read the command line and write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, several in (
        ("train-images", False),
        ("kept", False),
        ("scores", True),
        ("images", True),
    ):
        parser.add_argument(f"--{name}", type=Path, required=True, nargs="+" if several else None)
    parser.add_argument("--output", type=Path, required=True, help="folder to write into")
    parser.add_argument("--count", type=int, default=8, help="images of either end of a class")
    given = parser.parse_args()
    names = manifest.read_facts(given.train_images, "images", "class_names")["class_names"]
    decided = read_decided(given.kept, given.scores, names)
    write_text(given.output / "classes.csv", csv_of(class_figures(decided).round(4)))
    with atomic_path(given.output / "best-and-worst.png") as temporary:
        best_and_worst(decided, given.images, given.count).save(temporary, "png", optimize=True)


if __name__ == "__main__":
    main()
