"""Draw the README's picture from a finished run: real images, generated ones kept and rejected.

    python -m scripts.readme_picture --results results \\
        --summary results/published/digits-steps/summary.csv --output docs/figures/pipeline.png

It shows the largest imbalance factor of the run, data seed 0; every row is a class.
The same results give the same bytes.
"""

import argparse
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from PIL import Image

from sau.pipeline.report.figures import PAPER_INK, look, to_png

REAL, KEPT, REJECTED = "#0072b2", "#009e73", "#d55e00"
GREY = "#6b7280"
TILES = 16
"""Pictures of the largest class; the other classes have as many as their share."""
DROPPED = 5
"""Rejected pictures of each class."""
GAP = 0.7
"""Between the balanced set and what was rejected, in pictures."""


SHOWN = ("CE", "Balanced Softmax", "CE*", "SAU", "CE*, then real")
"""Rows of the table whose top-1 is drawn, as far as the run has them."""


class Row(NamedTuple):
    """One class: its name, its counts, and the pictures that stand for them, (H, W, 3)."""

    name: str
    real_count: int
    kept_count: int
    real: list[npt.NDArray[np.uint8]]
    kept: list[npt.NDArray[np.uint8]]
    rejected: list[npt.NDArray[np.uint8]]


def main() -> None:
    """Read the flags, draw the picture and write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--output", type=Path, default=Path("docs/figures/pipeline.png"))
    parser.add_argument("--summary", type=Path, default=Path("results/report/summary.csv"))
    flags = parser.parse_args()
    factor = largest_factor(flags.results)
    with look(PAPER_INK):
        figure = draw(rows_of(flags.results, factor), top1_of(flags.summary, factor))
        flags.output.write_bytes(to_png(figure))


def largest_factor(results: Path) -> str:
    """Return the largest imbalance factor of the run, as it stands in folder names."""
    names = [path.name.removeprefix("imbalance-") for path in (results / "subset").iterdir()]
    return max((name for name in names if name != "as-is"), key=float)


def rows_of(results: Path, factor: str) -> list[Row]:
    """Return what is drawn of each class, in label order."""
    place = Path(f"imbalance-{factor}") / "data-seed-0"
    real = frame(results / "subset" / place / "real.parquet")
    added = frame(results / "complement" / place / "synthetic.parquet")
    kept = frame(results / "filter" / "kept.parquet")
    pictures = pixels([results / "dataset" / "train.parquet"])
    pictures |= pixels(sorted((results / "images").glob("shard-*.parquet")))
    prompts = frame(results / "prompts" / "prompts.parquet")
    names = prompts.drop_duplicates("label").set_index("label")["class_name"].to_dict()
    largest = int(real["label"].value_counts().max())
    rows = []
    for label in sorted(real["label"].unique()):
        own = list(real.loc[real["label"] == label, "id"])
        drawn = list(added.loc[added["label"] == label, "id"])
        worse = kept[(kept["label"] == label) & ~kept["kept"]].sort_values("rank")
        shown = max(1, round(TILES * len(own) / largest))
        rows.append(
            Row(
                str(names[label]),
                len(own),
                len(drawn),
                [pictures[name] for name in spread(own, shown)],
                [pictures[name] for name in spread(drawn, TILES - shown)],
                [pictures[name] for name in spread(list(worse["id"]), DROPPED)],
            )
        )
    return rows


def frame(path: Path) -> pd.DataFrame:
    """Read the small columns of a manifest."""
    schema = pq.read_schema(path)
    names = [name for name in schema.names if name not in ("image", "embedding")]
    small: pd.DataFrame = pq.read_table(path, columns=names).to_pandas()
    return small


def pixels(paths: list[Path]) -> dict[str, npt.NDArray[np.uint8]]:
    """Decode the images of some manifests, by id."""
    found = {}
    for path in paths:
        table = pq.read_table(path)
        for name, image in zip(table["id"].to_pylist(), table["image"].to_pylist(), strict=True):
            if image is not None:
                found[name] = np.asarray(Image.open(io.BytesIO(image["bytes"])).convert("RGB"))
    return found


def spread(names: list[str], count: int) -> list[str]:
    """Take `count` of the names at equal steps, the first and the last among them."""
    steps = np.linspace(0, len(names) - 1, min(count, len(names))).round().astype(int)
    return [names[step] for step in steps]


def top1_of(summary: Path, factor: str) -> pd.DataFrame:
    """Return mean and standard deviation over seeds of the last epoch's top-1, in percent.

    Returns: index the row's name, as `SHOWN` has them; columns mean, std, size (seeds), and
        synthetic, whether the row trains on generated images.
    """
    runs = pd.read_csv(summary, dtype={"imbalance_factor": str})
    runs = runs[(runs["split"] == "all") & (runs["imbalance_factor"] == factor)]
    groups = runs.groupby("method", sort=False)
    found = groups["top1_last"].agg(["mean", "std", "size"])
    found["synthetic"] = groups["synthetic"].max() > 0
    return found.loc[[name for name in SHOWN if name in found.index]]


def draw(rows: list[Row], top1: pd.DataFrame) -> Figure:
    """Draw stages, classes and result.

    Args:
        rows: one for each class.
        top1: what `top1_of` returns.
    """
    figure = Figure(figsize=(11.0, 5.45))
    figure.set_layout_engine("none")
    draw_stages(figure.add_axes((0.005, 0.8, 0.99, 0.195)))
    draw_classes(figure.add_axes((0.06, 0.01, 0.69, 0.80)), rows)
    draw_top1(figure.add_axes((0.79, 0.12, 0.205, 0.53)), top1)
    return figure


def draw_stages(axes: Axes) -> None:
    """Draw the stages as boxes in two lanes that meet in the complement."""
    axes.set(xlim=(0, 8), ylim=(-1.05, 1.05))
    axes.axis("off")
    # Width, height and place in units of a box; the lanes of real and generated images.
    places = {
        "dataset": (0.5, 0.52, REAL),
        "subset": (3.5, 0.52, REAL),
        "prompts": (0.5, -0.52, KEPT),
        "images": (1.5, -0.52, KEPT),
        "scores": (2.5, -0.52, KEPT),
        "filter": (3.5, -0.52, KEPT),
        "complement": (4.6, 0.0, GREY),
        "training": (5.68, 0.0, GREY),
        "evaluation": (6.68, 0.0, GREY),
        "report": (7.6, 0.0, GREY),
    }
    half = {name: 0.038 * max(len(name), 6) + 0.06 for name in places}
    for name, (x, y, colour) in places.items():
        box = (x - half[name], y - 0.33)
        style = "round,pad=0,rounding_size=0.08"
        axes.add_patch(
            FancyBboxPatch(
                box, 2 * half[name], 0.66, boxstyle=style, facecolor=colour, edgecolor="none"
            )
        )
        axes.text(x, y, name, ha="center", va="center", color="white", fontsize=11.5)
    arrows = [
        ("dataset", "subset"),
        ("prompts", "images"),
        ("images", "scores"),
        ("scores", "filter"),
        ("subset", "complement"),
        ("filter", "complement"),
        ("complement", "training"),
        ("training", "evaluation"),
        ("evaluation", "report"),
    ]
    for source, target in arrows:
        start, end = places[source], places[target]
        axes.add_patch(
            FancyArrowPatch(
                (start[0] + half[source] + 0.01, start[1]),
                (end[0] - half[target] - 0.01, end[1] + 0.3 * np.sign(start[1] - end[1])),
                arrowstyle="-|>",
                mutation_scale=11,
                color=GREY,
                shrinkA=0,
                shrinkB=0,
            )
        )


def draw_classes(axes: Axes, rows: list[Row]) -> None:
    """Draw a line of pictures for each class: real, kept, and at the right rejected ones."""
    width = TILES + GAP + DROPPED
    axes.set(xlim=(-0.05, width + 0.05), ylim=(len(rows) + 0.05, -1.35))
    axes.set_aspect("auto")
    axes.axis("off")
    for y, row in enumerate(rows):
        axes.text(-0.25, y + 0.5, row.name, ha="right", va="center", fontsize=11.5)
        tiles(axes, 0, y, row.real, REAL)
        tiles(axes, len(row.real), y, row.kept, KEPT)
        tiles(axes, TILES + GAP, y, row.rejected, REJECTED)
    largest = max(row.real_count for row in rows)
    smallest = min(row.real_count for row in rows)
    added = sum(row.kept_count for row in rows)
    heads = [
        (0.0, f"real: {largest} … {smallest} a class", REAL),
        (6.55, f"generated and kept: {added:,} fill the tail", KEPT),
        (TILES + GAP, "rejected by the filter", REJECTED),
    ]
    for x, text, colour in heads:
        axes.text(x, -0.42, text, ha="left", va="center", color=colour, fontsize=12, weight="bold")


def tiles(
    axes: Axes, left: float, top: float, pictures: list[npt.NDArray[np.uint8]], colour: str
) -> None:
    """Draw pictures side by side, each in a frame."""
    for step, picture in enumerate(pictures):
        x, margin = left + step, 0.085
        extent = (x + margin, x + 1 - margin, top + 1 - margin, top + margin)
        axes.add_patch(
            Rectangle((x + 0.015, top + 0.015), 0.97, 0.97, color=colour, lw=0, zorder=1)
        )
        axes.imshow(picture, extent=extent, aspect="auto", interpolation="nearest", zorder=2)


def draw_top1(axes: Axes, top1: pd.DataFrame) -> None:
    """Draw a bar for each row of the table, with the standard deviation over seeds."""
    colours = [KEPT if synthetic else REAL for synthetic in top1["synthetic"]]
    axes.bar(range(len(top1)), top1["mean"], 0.7, color=colours)
    axes.errorbar(
        range(len(top1)), top1["mean"], top1["std"], fmt="none", ecolor=PAPER_INK, capsize=4, lw=1.3
    )
    for x, (mean, std) in enumerate(zip(top1["mean"], top1["std"], strict=True)):
        axes.text(x, mean + std + 2, f"{mean:.1f}", ha="center", va="bottom", fontsize=10.5)
    names = [str(name).replace(" ", "\n") for name in top1.index]
    axes.set_xticks(range(len(top1)), names, fontsize=8)
    axes.set(ylim=(0, 107), yticks=(0, 50, 100))
    axes.tick_params(axis="y", labelsize=11)
    axes.tick_params(length=0)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    seeds = int(top1["size"].min())
    axes.set_title(
        f"top-1 on the test set, %\n({seeds} seeds, ± std)",
        fontsize=11.5,
        pad=12,
    )


if __name__ == "__main__":
    main()
