"""Batches of mixed classes against a class at a time, by the images stage's own loop.

Each class lacks a few images, as those of a tail do in one of many shards. Alone, none of them
fills what GLIDE computes together on a CPU, or a batch of a GPU.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from benchmarks.command import (
    add_clock,
    clock_words,
    parser_of,
    positive,
    prepare,
    run,
    settings_of,
)
from benchmarks.glide_flags import add_glide, glide_of
from benchmarks.record import Record
from benchmarks.timing import Ratio, interleave, timed
from sau.core.errors import UserError
from sau.device.repeatable import repeatable
from sau.pipeline.images.batches import draw_in_batches
from sau.pipeline.images.image_generator import Drawn, ImageGenerator
from sau.pipeline.images.load import load_generator
from sau.pipeline.images.rows import Task
from sau.pipeline.images.settings import ImagesSettings

ALONE, MIXED = "a class at a time", "mixed classes"


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("mixed_batches", __doc__)
    parser.add_argument("--classes", type=positive, default=10, help="number of classes")
    parser.add_argument("--per-class", type=positive, default=3, help="images of each class")
    add_glide(parser, batch_size=48)
    add_clock(parser)
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    settings = glide_of(arguments)
    classes = range(arguments.classes)
    mixed = [
        Task(place, str(place), label, f"A photo of class {label}.", seed=place)
        for place, label in enumerate([*classes] * arguments.per_class)
    ]
    by_class = [[task for task in mixed if task.label == label] for label in classes]
    with repeatable(settings.threads):
        generator = load_generator(settings, device)
        parts = {ALONE: by_class, MIXED: [mixed]}
        if not _equal(*(_pictures(generator, groups, settings) for groups in parts.values())):
            raise UserError("benchmarks.mixed_batches: other pictures in mixed batches")
        works = {
            name: timed(
                lambda groups=groups: _pictures(generator, groups, settings),  # type: ignore[misc]
                device,
                arguments.clock,
            )
            for name, groups in parts.items()
        }
        found = interleave(works, arguments.seconds)
    what = f"{arguments.per_class} images of each of {arguments.classes} classes"
    ratio = Ratio(what + clock_words(arguments), ALONE, MIXED, found[ALONE], found[MIXED])
    record = Record("mixed_batches", settings_of(arguments), [ratio], {"same_pictures": True})
    record.print_and_write(arguments.output)
    return record


def _pictures(
    generator: ImageGenerator, groups: Sequence[Sequence[Task]], settings: ImagesSettings
) -> dict[int, Drawn]:
    """Draw groups of tasks one after the other; return the pictures by their places."""
    return {
        task.place: one
        for group in groups
        for batch, drawn in draw_in_batches(generator, group, settings.batch_size)
        for task, one in zip(batch, drawn, strict=True)
    }


def _equal(one: dict[int, Drawn], other: dict[int, Drawn]) -> bool:
    """Return whether the same pictures were drawn, byte for byte."""
    return {place: _bytes(drawn) for place, drawn in one.items()} == {
        place: _bytes(drawn) for place, drawn in other.items()
    }


def _bytes(drawn: Drawn) -> bytes:
    return b"" if drawn.pixels is None else drawn.pixels.tobytes()


if __name__ == "__main__":
    sys.exit(run(main))
