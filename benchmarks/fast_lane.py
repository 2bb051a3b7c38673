"""An epoch of the fast lane against a plain training script of the same network.

Both are timed as they run: views from stored images, forward and backward, loss, optimizer. The
engine has the settings of `configs/fast/cifake.yaml`, in float32 and, where the machine computes in
it, in bfloat16. The reference is `benchmarks.reference.fast`, float32.
"""

import statistics
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.data import RandomImages, random_images
from benchmarks.engine import Engine
from benchmarks.record import Record
from benchmarks.reference.fast import PlainFastLane
from benchmarks.reference.trainer import Host
from benchmarks.timing import Ratio, interleave, timed
from sau.device.precision import computes_in_bfloat16
from sau.engine.settings import TrainingSettings

PRESET = Path(__file__).resolve().parents[1] / "configs" / "fast" / "cifake.yaml"
REFERENCE = "plain script"
EPOCH_IMAGES = 50_000
"""Of CIFAR-10; what is timed is fewer steps."""


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("fast_lane", __doc__)
    parser.add_argument("--width", type=positive, default=64, help="channels of the first group")
    parser.add_argument("--batch-size", type=positive, default=1000, help="images of a batch")
    parser.add_argument("--steps", type=positive, default=2, help="steps that are timed at once")
    parser.add_argument("--classes", type=positive, default=10, help="number of classes")
    return parser


def preset(**changes: Any) -> TrainingSettings:
    """Return the settings that the rows of `configs/fast/cifake.yaml` share, with changes."""
    values = yaml.safe_load(PRESET.read_text(encoding="utf-8"))["training"]
    values = {name: value for name, value in values.items() if name != "runs"}
    return TrainingSettings(**values | changes)


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    images = random_images(arguments.steps * arguments.batch_size, arguments.classes)
    plain = PlainFastLane(
        images, arguments.width, arguments.batch_size, Host(device, arguments.threads)
    )
    precisions = ["float32", *(["bfloat16"] if computes_in_bfloat16(device) else [])]
    engines = {name: _engine(images, name, arguments) for name in precisions}
    parts = {REFERENCE: timed(plain.epoch, device)}
    parts |= {name: timed(engine.epoch, device) for name, engine in engines.items()}
    try:
        seconds = interleave(parts, arguments.seconds)
    finally:
        plain.close()
    what = f"{arguments.steps} steps of {arguments.batch_size}, width {arguments.width}"
    ratios = [
        Ratio(what, REFERENCE, f"engine, {name}", seconds[REFERENCE], seconds[name])
        for name in precisions
    ]
    rates = {name: _epochs_per_minute(found, arguments) for name, found in seconds.items()}
    for name, rate in rates.items():
        print(f"{name}: {rate:.3g} epochs of {EPOCH_IMAGES:,} images per minute")
    record = Record("fast_lane", settings_of(arguments), ratios, {"epochs_per_minute": rates})
    record.print_and_write(arguments.output)
    return record


def _engine(images: RandomImages, precision: str, arguments: Namespace) -> Engine:
    settings = preset(
        method="cross_entropy",
        width=arguments.width,
        batch_size=arguments.batch_size,
        precision=precision,
        device=arguments.device,
        threads=arguments.threads,
    )
    return Engine(images, settings)


def _epochs_per_minute(seconds: list[float], arguments: Namespace) -> float:
    of_a_step = statistics.median(seconds) / arguments.steps
    rate: float = 60 / (of_a_step * EPOCH_IMAGES / arguments.batch_size)
    return rate


if __name__ == "__main__":
    sys.exit(run(main))
