"""Looking at a folder of images, as `sau init` does, against decoding every image alone.

The images are JPEG files of soft noise, no two alike and of mixed sizes, written into a temporary
folder first. The reference opens and decodes each file once with Pillow, in as many processes
(`--threads`).
"""

import io
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.command import (
    add_clock,
    clock_words,
    parser_of,
    positive,
    prepare,
    run,
    settings_of,
)
from benchmarks.record import Record
from benchmarks.timing import compare
from sau.tools.init.folder import look_at_folder
from sau.tools.init.summary import summary

_CLASSES = 10
_AT_ONCE = 500
_MIXED = (0.5, 1.0, 1.0, 1.5, 3.0)
"""Widths and heights, over the usual side."""


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("init", __doc__)
    parser.add_argument("--images", type=positive, default=100_000, help="files of the folder")
    parser.add_argument("--side", type=positive, default=96, help="pixels of a usual image's side")
    add_clock(parser)
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    processes = arguments.threads
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = make_files(folder, arguments.images, arguments.side)
        ratio = compare(
            f"{len(files):,} images of about {arguments.side} pixels in {processes} processes"
            + clock_words(arguments),
            ("sau init", lambda: summary(look_at_folder(folder, processes=processes))),
            ("decoding alone", lambda: decode_all(files, processes)),
            device,
            arguments.seconds,
            arguments.clock,
        )
    record = Record("init", settings_of(arguments), [ratio])
    record.print_and_write(arguments.output)
    return record


def make_files(folder: Path, images: int, side: int) -> list[Path]:
    """Write JPEG files of soft noise, in folders of classes that differ in size; return them.

    Args:
        folder: there already.
        images: how many.
        side: pixels; widths and heights are half of it to three times as many.
    """
    draws = np.random.default_rng(0)
    labels = np.sort(_CLASSES - 1 - np.sqrt(draws.random(images) * _CLASSES**2).astype(int))
    files = []
    for number, label in enumerate(labels.tolist()):
        blobs = draws.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        width, height = (max(round(side * part), 1) for part in draws.choice(_MIXED, 2))
        picture = Image.fromarray(blobs).resize((width, height), Image.Resampling.BICUBIC)
        files.append(folder / f"class {label}" / f"{number}.jpg")
        files[-1].parent.mkdir(parents=True, exist_ok=True)
        picture.save(files[-1], quality=90)
    return files


def decode_all(files: Sequence[Path], processes: int) -> None:
    """Decode each file with Pillow, in several processes."""
    if processes == 1:
        decode_some(files)
        return
    parts = [files[at : at + _AT_ONCE] for at in range(0, len(files), _AT_ONCE)]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        list(pool.map(decode_some, parts))


def decode_some(files: Sequence[Path]) -> None:
    """Decode a few files."""
    for file in files:
        with Image.open(io.BytesIO(file.read_bytes())) as image:
            image.load()


if __name__ == "__main__":
    sys.exit(run(main))
