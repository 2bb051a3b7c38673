"""Steps of the fast lane where freed memory stays with the process, and where it does not.

Each is a process of its own, as what glibc is told cannot be taken back. The precision is that of
`precision: auto`.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.peak import peak_of_process
from benchmarks.record import Record
from benchmarks.serving import Serving
from benchmarks.timing import Ratio, interleave
from benchmarks.training_process import KEEPS, LEAVES
from sau.core.errors import UserError
from sau.device.precision import computes_in_bfloat16


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("kept_memory", __doc__)
    parser.add_argument("--width", type=positive, default=64, help="channels of the first group")
    parser.add_argument("--batch-size", type=positive, default=1000, help="images of a batch")
    parser.add_argument("--steps", type=positive, default=2, help="steps that are timed at once")
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    if arguments.device != "cpu":
        raise UserError("benchmarks.kept_memory: --device must be cpu")
    numbers = arguments.width, arguments.batch_size, arguments.steps, arguments.threads
    sizes = [str(number) for number in numbers]
    with ExitStack() as stack:
        trainers = {
            name: Serving(stack, "training_process", name, *sizes) for name in (LEAVES, KEEPS)
        }
        found = interleave(
            {name: partial(_epoch, trainer) for name, trainer in trainers.items()},
            arguments.seconds,
        )
        peaks = {name: peak_of_process(trainer.number) for name, trainer in trainers.items()}
    precision = "bfloat16" if computes_in_bfloat16(device) else "float32"
    what = f"{arguments.steps} steps of {arguments.batch_size}, width {arguments.width}"
    ratio = Ratio(f"{what}, {precision}", "memory given back", "kept", found[LEAVES], found[KEEPS])
    record = Record("kept_memory", settings_of(arguments), [ratio], {"peak_bytes": peaks})
    print(", ".join(f"{name} {peak / 2**20:.0f} MiB" for name, peak in peaks.items()))
    record.print_and_write(arguments.output)
    return record


def _epoch(trainer: Serving) -> float:
    """Return the seconds of one more epoch."""
    trainer.tell("")
    return float(trainer.answer())


if __name__ == "__main__":
    sys.exit(run(main))
