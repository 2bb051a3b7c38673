"""Draw the pictures of several finished runs beside each other: a panel for each, a row a class.

    python -m scripts.sweep_picture results/personalised/digits-personalised-{default,lora-all} \\
        --real results/personalised/digits-personalised-default --output pictures.png

The first pictures of each class are shown, whatever the filter kept. The same results give the
same bytes.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from sau.core.errors import EXIT_USER_ERROR, UserError
from sau.pipeline.report.figures import PAPER_INK, look, to_png
from sau.sources.decode import decode
from sau.storage import manifest

COLUMNS = ["id", "label", "status", "image"]
SHOWN = 8
"""Pictures of a class."""
PANELS = 4
"""Panels side by side."""
GAP = 1
"""Pixels between two pictures."""


class Panel(NamedTuple):
    """Pictures of one run: a title, and of each class its first ones, (H, W, 3)."""

    title: str
    classes: list[list[npt.NDArray[np.uint8]]]


def panel_of(title: str, tables: Sequence[Path]) -> Panel:
    """Return the first pictures of each class in images manifests, by id.

    Raises:
        UserError: there is none.
    """
    if not tables:
        raise UserError(f"{title}: no images; run it first")
    names = manifest.read_facts(tables[0], "images", "class_names")["class_names"]
    rows: list[dict[str, Any]] = []
    for path in tables:
        rows += manifest.read(path, "images", columns=COLUMNS).to_pylist()
    rows = sorted((row for row in rows if row["status"] == "ok"), key=lambda row: row["id"])
    classes = [
        [row for row in rows if row["label"] == label][:SHOWN] for label in range(len(names))
    ]
    return Panel(
        title,
        [
            [np.asarray(decode(row["image"]["bytes"])[0].convert("RGB")) for row in own]
            for own in classes
        ],
    )


def montage(classes: Sequence[Sequence[npt.NDArray[np.uint8]]]) -> npt.NDArray[np.uint8]:
    """Return pictures of one size as one, a row for each class, white between them."""
    height, width, _ = classes[0][0].shape
    shape = (len(classes) * (height + GAP) - GAP, SHOWN * (width + GAP) - GAP, 3)
    found = np.full(shape, 255, np.uint8)
    for row, own in enumerate(classes):
        for column, picture in enumerate(own):
            top, left = row * (height + GAP), column * (width + GAP)
            found[top : top + height, left : left + width] = picture
    return found


def draw(panels: Sequence[Panel]) -> Figure:
    """Return a figure with a panel for each run."""
    rows = -(-len(panels) // PANELS)
    figure = Figure(figsize=(1.7 * PANELS, 2.3 * rows), layout="constrained")
    grid = figure.subplots(rows, PANELS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, panel in zip(grid.flat, panels, strict=False):
        axes.imshow(montage(panel.classes), interpolation="nearest")
        axes.set_title(panel.title, fontsize=7)
    return figure


def main() -> None:
    """Read the flags, draw the picture and write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", nargs="+", type=Path, help="folders of finished runs")
    parser.add_argument("--titles", nargs="+", help="of the runs, in their order")
    parser.add_argument("--real", type=Path, help="run whose real images are the last panel")
    parser.add_argument("--output", type=Path, required=True, help="PNG file to write")
    flags = parser.parse_args()
    titles = flags.titles or [folder.name for folder in flags.results]
    try:
        if len(titles) != len(flags.results):
            raise UserError(f"--titles: {len(titles)}, but {len(flags.results)} runs are given")
        panels = [
            panel_of(title, sorted((folder / "images").glob("shard-*.parquet")))
            for title, folder in zip(titles, flags.results, strict=True)
        ]
        if flags.real:
            panels.append(panel_of("real", [flags.real / "dataset" / "train.parquet"]))
    except UserError as error:
        parser.exit(EXIT_USER_ERROR, f"{parser.prog}: {error}\n")
    with look(PAPER_INK):
        flags.output.write_bytes(to_png(draw(panels)))


if __name__ == "__main__":
    main()
