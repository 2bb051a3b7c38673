"""The scores stage without a scorer, against reading the rows that it goes through.

Rows without an image, those that failed before, should cost no more than columns do. A row with an
image is decoded and measured all the same: its hash, brightness, contrast and sharpness.
"""

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.record import Record
from benchmarks.timing import compare
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.stage import scores
from sau.sources.decode import encode_png
from sau.storage import manifest

STAGE, READING = "scores stage", "reading the rows"
_CLASSES = 10


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("unscored", __doc__)
    parser.add_argument("--rows", type=positive, default=1_000_000, help="of the shard")
    parser.add_argument("--images", type=int, default=0, help="of its rows that have an image")
    parser.add_argument("--side", type=positive, default=32, help="pixels of an image")
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    settings = ScoresSettings(scorer="none")
    with tempfile.TemporaryDirectory() as folder:
        images, output = Path(folder) / "images.parquet", Path(folder) / "scores.parquet"
        write_images(images, arguments.rows, arguments.images, arguments.side)
        ratio = compare(
            f"{arguments.rows} rows, {arguments.images} with an image of {arguments.side} pixels",
            (STAGE, lambda: scores(images, output, settings=settings)),
            (READING, lambda: manifest.read(images, "images", columns=["id", "status", "reason"])),
            device,
            arguments.seconds,
        )
    figures = {"rows_per_second": arguments.rows / ratio.to_mapping()["slower_seconds"]}
    record = Record("unscored", settings_of(arguments), [ratio], figures)
    record.print_and_write(arguments.output)
    return record


def write_images(path: Path, rows: int, images: int, side: int) -> None:
    """Write a manifest whose first rows have an image, and whose others failed before."""
    drawn = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    picture = {"bytes": encode_png(Image.fromarray(drawn)), "path": None}
    there = np.arange(rows) < images
    columns = {
        "id": [f"synthetic/{place:07d}" for place in range(rows)],
        "image": [picture if one else None for one in there],
        "label": np.arange(rows) % _CLASSES,
        "status": np.where(there, "ok", "failed"),
        "reason": [None if one else "the sample is not finite" for one in there],
    }
    schema = manifest.SCHEMAS["images"]
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(rows, field.type)
        for field in schema
    ]
    facts = {"class_names": [f"class {label}" for label in range(_CLASSES)]}
    manifest.write(path, "images", pa.table(arrays, schema=schema), facts)


if __name__ == "__main__":
    sys.exit(run(main))
