"""Steps of the fast lane where freed memory stays with the process, and where it does not.

Each is a process of its own, as what glibc is told cannot be taken back. The precision is that of
`precision: auto`.
"""

import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.record import Record
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
    sizes = arguments.width, arguments.batch_size, arguments.steps, arguments.threads
    with ExitStack() as stack:
        trainers = {name: _started(stack, name, sizes) for name in (LEAVES, KEEPS)}
        found = interleave(
            {name: partial(_epoch, trainer) for name, trainer in trainers.items()},
            arguments.seconds,
        )
        peaks = {name: _peak_bytes(trainer) for name, trainer in trainers.items()}
    precision = "bfloat16" if computes_in_bfloat16(device) else "float32"
    what = f"{arguments.steps} steps of {arguments.batch_size}, width {arguments.width}"
    ratio = Ratio(f"{what}, {precision}", "memory given back", "kept", found[LEAVES], found[KEEPS])
    record = Record("kept_memory", settings_of(arguments), [ratio], {"peak_bytes": peaks})
    print(", ".join(f"{name} {peak / 2**20:.0f} MiB" for name, peak in peaks.items()))
    record.print_and_write(arguments.output)
    return record


def _started(stack: ExitStack, memory: str, sizes: tuple[int, ...]) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "benchmarks.training_process", memory, *map(str, sizes)]
    pipe = subprocess.PIPE
    process = stack.enter_context(subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True))
    assert process.stdout is not None
    if process.stdout.readline().strip() != "ready":
        raise UserError("benchmarks.kept_memory: a process does not train, see above")
    return process


def _epoch(process: "subprocess.Popen[str]") -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def _peak_bytes(process: "subprocess.Popen[str]") -> int:
    """Return the highest resident memory of a process that still runs."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.exit(run(main))
