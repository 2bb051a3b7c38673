"""What the command lines of the benchmarks have in common."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.timing import CLOCKS
from sau.core.errors import EXIT_USER_ERROR, UserError
from sau.device.precision import full_precision


def parser_of(name: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the flags that every benchmark has."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=(description or "").split("\n\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to compute")
    parser.add_argument("--threads", type=positive, default=2, help="threads of PyTorch")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="time for each ratio; at least three rounds"
    )
    parser.add_argument("--output", type=Path, help="JSON file to write")
    return parser


def add_clock(parser: argparse.ArgumentParser) -> None:
    """Add the flag of a benchmark that can be timed on a CPU that others use as well."""
    parser.add_argument(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="processor: seconds that this process and its children compute, on a CPU that others "
        "use as well",
    )


def clock_words(arguments: argparse.Namespace) -> str:
    """Return what is said behind the name of a measurement, if it is no time on the wall."""
    return ", processor time" if arguments.clock == "processor" else ""


def positive(text: str) -> int:
    """Return a flag's value, an integer of at least 1; argparse says what is wrong with others."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value}, expected at least 1")
    return value


def prepare(arguments: argparse.Namespace) -> torch.device:
    """Set the number of threads; return the device.

    Raises:
        UserError: cuda without such a GPU, or timed by the processor's clock.
    """
    torch.set_num_threads(arguments.threads)
    device = resolve_device(arguments.device)
    if device.type != "cpu" and getattr(arguments, "clock", "wall") == "processor":
        raise UserError("--clock: processor times a CPU, and --device is cuda; set it to wall")
    return device


def resolve_device(name: str) -> torch.device:
    """Return the device called `name`, cpu or cuda.

    Raises:
        UserError: cuda without such a GPU; there is no silent way back to the CPU.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "--device: cuda, but PyTorch finds no CUDA GPU here; "
            "set it to cpu, or install a GPU driver and a CUDA build of PyTorch"
        )
    return torch.device(name)


def settings_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the values of all flags but `--output`, as JSON values."""
    return {name: value for name, value in vars(arguments).items() if name != "output"}


def run(main: Callable[[], object]) -> int:
    """Run a benchmark; return its exit code: 2 on bad input, which is said in one line.

    Convolutions are as in the stages, so that both sides compute alike.
    """
    try:
        with full_precision():
            main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USER_ERROR
    return 0
