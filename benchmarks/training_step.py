"""A whole SAU training step, and an epoch, of this engine against a plain training script.

Both are timed as they run: views from stored images, four passes forward and backward, losses,
optimizer. The reference is `benchmarks.reference`. An epoch is CIFAR-10's at an imbalance factor
of 100, balanced, put together from the steps and the pass for the prototypes as they were timed.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.data import random_images
from benchmarks.engine import Engine, add_settings, settings_from
from benchmarks.pieces import Pieces
from benchmarks.record import Record
from benchmarks.reference import Reference
from benchmarks.reference.network import PlainNetwork
from benchmarks.reference.trainer import Host
from benchmarks.timing import Ratio, interleave

EPOCH_IMAGES, EPOCH_REAL = 50_000, 12_406
"""Of CIFAR-10 at an imbalance factor of 100, filled up to 5,000 images a class."""

REFERENCE, ENGINE = "reference", "engine"


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("training_step", __doc__)
    add_settings(parser)
    parser.add_argument(
        "--reference",
        choices=("published", "lean"),
        default="published",
        help="as the published code does it, or without what it computes without using it",
    )
    parser.add_argument(
        "--workers", type=positive, help="worker processes of each loader; None: --threads"
    )
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    arguments.workers = arguments.workers or arguments.threads
    images = random_images(arguments.steps * arguments.batch_size, arguments.classes)
    engine = Engine(images, settings_from(arguments))
    depth = int(arguments.backbone.removeprefix("resnet"))
    reference = Reference(
        PlainNetwork(depth, arguments.width, arguments.classes),
        images,
        arguments.batch_size,
        Host(device, arguments.workers),
        lean=arguments.reference == "lean",
    )
    pieces = timed_pieces(engine, reference, arguments.seconds)
    name = f"width {arguments.width}, batch {arguments.batch_size}, {arguments.precision}"
    record = Record(
        "training_step", settings_of(arguments), ratios_of(pieces, reference, engine, name)
    )
    record.print_and_write(arguments.output)
    return record


def timed_pieces(engine: Engine, reference: Reference, seconds: float) -> dict[str, list[Pieces]]:
    """Let both train in turn, and return what the pieces of each round took."""
    batches = max(1, engine.real // reference.batch_size)
    parts = {
        REFERENCE: lambda: reference.pieces(batches, engine.steps),
        ENGINE: engine.epoch,
    }
    try:
        return interleave(parts, seconds)
    finally:
        reference.close()


def ratios_of(
    pieces: dict[str, list[Pieces]], reference: Reference, engine: Engine, name: str
) -> list[Ratio]:
    """Return the ratios of a step, and of an epoch."""
    steps = -(-EPOCH_IMAGES // engine.settings.batch_size)
    passed = {REFERENCE: EPOCH_REAL if reference.lean else EPOCH_IMAGES, ENGINE: EPOCH_REAL}
    step = {who: [piece.step() for piece in found] for who, found in pieces.items()}
    epoch = {
        who: [piece.epoch(passed[who], steps) for piece in found] for who, found in pieces.items()
    }
    return [
        Ratio(f"{what}, {name}", REFERENCE, ENGINE, seconds[REFERENCE], seconds[ENGINE])
        for what, seconds in (("step", step), ("epoch", epoch))
    ]


if __name__ == "__main__":
    sys.exit(run(main))
