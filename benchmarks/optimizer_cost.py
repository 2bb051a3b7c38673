"""What Muon adds to a SAU step, beside SGD: all of its steps in float32, and what makes it cheaper.

The step is the whole one: views, four passes forward and backward, losses, optimizer. Each variant
is timed in turn with SGD, on the same images. `--backbone whitened_cnn` takes the settings of
`configs/fast/cifake.yaml`, others those of the paper.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from benchmarks.command import parser_of, prepare, run, settings_of
from benchmarks.data import random_images
from benchmarks.engine import Engine, add_settings, settings_from
from benchmarks.fast_lane import preset
from benchmarks.record import Record
from benchmarks.timing import Ratio, interleave, timed
from sau.engine.settings import TrainingSettings

SGD = "SGD"
VARIANTS: dict[str, dict[str, Any]] = {
    SGD: {},
    "Muon, 5 iterations": {"muon_steps": 5},
    "Muon, 3 iterations": {"muon_steps": 3},
    "Muon, 3 iterations, encoder alone": {"muon_steps": 3, "muon_layers": "encoder"},
}


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("optimizer_cost", __doc__)
    add_settings(parser)
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    images = random_images(arguments.steps * arguments.batch_size, arguments.classes)
    engines = {
        name: Engine(images, _settings(changes, arguments)) for name, changes in VARIANTS.items()
    }
    parts = {name: timed(engine.epoch, device) for name, engine in engines.items()}
    seconds = interleave(parts, arguments.seconds)
    what = f"{arguments.steps} steps of {arguments.batch_size}, {arguments.precision}"
    ratios = [
        Ratio(what, name, SGD, seconds[name], seconds[SGD]) for name in VARIANTS if name != SGD
    ]
    shares = {ratio.slower: 1 - 1 / float(ratio.to_mapping()["ratio"]) for ratio in ratios}
    for name, share in shares.items():
        print(f"{name}: {share:.1%} of the step")
    record = Record("optimizer_cost", settings_of(arguments), ratios, {"share_of_step": shares})
    record.print_and_write(arguments.output)
    return record


def _settings(changes: dict[str, Any], arguments: Namespace) -> TrainingSettings:
    """Return the settings of a variant: Muon's, or those of plain SGD where there are none."""
    optimizer: dict[str, Any] = (
        {"optimizer": "muon", **changes} if changes else {"optimizer": "sgd"}
    )
    if arguments.backbone != "whitened_cnn":
        return settings_from(arguments).replace(**optimizer)
    if not changes:
        idle = [name for name in TrainingSettings.model_fields if name.startswith("muon_")]
        optimizer |= {name: TrainingSettings.model_fields[name].default for name in idle}
    return preset(
        method="sau",
        width=arguments.width,
        batch_size=arguments.batch_size,
        precision=arguments.precision,
        device=arguments.device,
        threads=arguments.threads,
        **optimizer,
    )


if __name__ == "__main__":
    sys.exit(run(main))
