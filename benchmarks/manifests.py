"""Reading a manifest whose hashes are compared, against pyarrow's reading of the same file.

Three readings of one manifest of images: all of it, the columns without the images, and what it
says of itself. And one writing, which hashes every column.
"""

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.record import Record
from benchmarks.timing import compare
from sau.storage import manifest

CHECKED, PLAIN = "with hashes", "without"
SMALL = ["id", "label", "status"]


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("manifests", __doc__)
    parser.add_argument("--rows", type=positive, default=10_000, help="images of the manifest")
    parser.add_argument("--bytes", type=positive, default=2_500, help="of an encoded image")
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    table = images_table(arguments.rows, arguments.bytes)
    what = f"{arguments.rows} images of {arguments.bytes} bytes"
    with tempfile.TemporaryDirectory() as folder:
        path, plain = Path(folder) / "images.parquet", Path(folder) / "plain.parquet"
        manifest.write(path, "images", table, {})
        pairs = {
            f"all columns of {what}": (
                lambda: manifest.read(path, "images"),
                lambda: pq.read_table(path),
            ),
            f"ids, labels and status of {what}": (
                lambda: manifest.read(path, "images", columns=SMALL),
                lambda: pq.read_table(path, columns=SMALL),
            ),
            f"the record of {what}": (
                lambda: manifest.read_metadata(path),
                lambda: pq.read_schema(path),
            ),
            f"writing {what}": (
                lambda: manifest.write(path, "images", table, {}),
                lambda: pq.write_table(table, plain, compression="zstd"),
            ),
        }
        ratios = [
            compare(name, (CHECKED, checked), (PLAIN, bare), device, arguments.seconds)
            for name, (checked, bare) in pairs.items()
        ]
    record = Record("manifests", settings_of(arguments), ratios)
    record.print_and_write(arguments.output)
    return record


def images_table(rows: int, size: int) -> pa.Table:
    """Return images of random bytes, which compress as little as encoded ones do."""
    generator = np.random.default_rng(0)
    made = [
        {
            "id": f"synthetic/{place:06d}",
            "image": {"bytes": generator.bytes(size), "path": None},
            "label": place % 10,
            "prompt": f"A photo of class {place % 10}.",
            "seed": place,
            "width": 32,
            "height": 32,
            "status": "ok",
        }
        for place in range(rows)
    ]
    return pa.Table.from_pylist(made, manifest.SCHEMAS["images"])


if __name__ == "__main__":
    sys.exit(run(main))
