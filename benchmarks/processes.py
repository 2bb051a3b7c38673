"""Images per second of two processes with one thread each against one process with two threads.

All processes are there, with their models loaded, before any is timed. Seconds are those on the
wall; what the threads computed meanwhile stands beside them.
"""

import statistics
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import ExitStack
from typing import NamedTuple

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.record import Record
from benchmarks.serving import Serving
from benchmarks.timing import Ratio, interleave
from sau.core.errors import UserError

ONE, TWO = "one process", "two processes"


class Took(NamedTuple):
    """Seconds on the wall, and those that all threads computed."""

    wall: float
    processor: float


class Drawers:
    """Processes that draw their shares of some pictures at the same time."""

    def __init__(self, stack: ExitStack, count: int, model: str, steps: str, threads: int) -> None:
        """Start them, and wait until all are ready; the stack ends them."""
        words = model, steps, str(threads)
        self._processes = [Serving(stack, "drawing_process", *words) for _ in range(count)]

    def draw(self, images: int) -> Took:
        """Draw so many pictures in all."""
        start = time.perf_counter()
        for process in self._processes:
            process.tell(str(images // len(self._processes)))
        computed = [float(process.answer()) for process in self._processes]
        return Took(time.perf_counter() - start, sum(computed))


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("processes", __doc__)
    parser.add_argument("--model", default="tiny-glide", help="of GLIDE: shipped, or a folder")
    parser.add_argument("--steps", default="10", help="of a picture")
    parser.add_argument("--images", type=positive, default=96, help="drawn at once by all")
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    prepare(arguments)
    if arguments.threads % 2 or arguments.images % 2 or arguments.device != "cpu":
        raise UserError("benchmarks.processes: --threads and --images must be even, --device cpu")
    model, steps, threads = arguments.model, arguments.steps, arguments.threads
    with ExitStack() as stack:
        one = Drawers(stack, 1, model, steps, threads)
        two = Drawers(stack, 2, model, steps, threads // 2)
        found = interleave(
            {
                ONE: lambda: one.draw(arguments.images),
                TWO: lambda: two.draw(arguments.images),
            },
            arguments.seconds,
        )
    what = f"{arguments.images} images, {threads} threads in all"
    walls = {name: [took.wall for took in rounds] for name, rounds in found.items()}
    computed = {
        name: statistics.median(took.processor for took in rounds) for name, rounds in found.items()
    }
    record = Record(
        "processes",
        settings_of(arguments),
        [Ratio(what, ONE, TWO, walls[ONE], walls[TWO])],
        {"processor_seconds": computed},
    )
    told = ", ".join(f"{name} {seconds:.3g} s" for name, seconds in computed.items())
    print(f"computed by all threads: {told}")
    record.print_and_write(arguments.output)
    return record


if __name__ == "__main__":
    sys.exit(run(main))
