"""Top-1 against minutes of training: the fast lane's network and ResNet-32, on the same images.

Plain cross-entropy on the balanced set of a run whose data are there, such as those of
`snakemake --until complement --configfile configs/fast/cifake.yaml`. Each network has the settings
of its own config. Views, steps and what else an epoch needs are timed, testing is not; minutes are
those of the clock and, as no machine is quiet, those of the processor.
"""

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from matplotlib.figure import Figure

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.fast_lane import PRESET
from benchmarks.record import Record
from sau.device.repeatable import repeatable
from sau.engine.build import build_run
from sau.engine.loop import Run, measure_epoch, train_epoch
from sau.pipeline.training.inputs import RunInputs, load_data
from sau.pipeline.training.settings import TrainingSection

Curve = list[dict[str, float]]
PRESETS = {
    "whitened_cnn": PRESET,
    "resnet32": PRESET.parents[1] / "cifake-width16.yaml",
}


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("accuracy_by_minutes", __doc__)
    parser.add_argument("--results", type=Path, required=True, help="folder with a run's data")
    parser.add_argument("--imbalance-factor", default="100", help="of the subset to train on")
    parser.add_argument("--epochs", type=positive, default=4, help="of whitened_cnn")
    parser.add_argument("--resnet-epochs", type=positive, default=1, help="of resnet32")
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    prepare(arguments)
    epochs = {"whitened_cnn": arguments.epochs, "resnet32": arguments.resnet_epochs}
    curves = {name: curve_of(name, count, arguments) for name, count in epochs.items()}
    record = Record("accuracy_by_minutes", settings_of(arguments) | {"results": ""}, [], curves)
    record.print_and_write(arguments.output)
    if arguments.output is not None:
        picture(curves).savefig(arguments.output.with_suffix(".png"), dpi=150)
    return record


def curve_of(name: str, epochs: int, arguments: Namespace) -> Curve:
    """Train one network, and return its top-1 after each epoch with the minutes until then."""
    values = yaml.safe_load(PRESETS[name].read_text(encoding="utf-8"))["training"]
    values = {key: value for key, value in values.items() if key != "runs"}
    here = {"device": arguments.device, "threads": arguments.threads, "precision": "auto"}
    settings = TrainingSection(
        **values | here | {"method": "cross_entropy", "data": "balanced", "epochs": epochs}
    )
    with repeatable(settings.threads):
        device = torch.device(settings.device)
        data = load_data(inputs_of(arguments), settings, device, arguments.results)
        job = build_run(data, settings, seed=0)
        return _measured(name, job)


def inputs_of(arguments: Namespace) -> RunInputs:
    """Return the manifests of the balanced set and of the test images."""
    results, factor = arguments.results, f"imbalance-{arguments.imbalance_factor}"
    return RunInputs(
        members=[
            results / "subset" / factor / "data-seed-0" / "real.parquet",
            results / "complement" / factor / "data-seed-0" / "synthetic.parquet",
        ],
        train_images=[results / "dataset" / "train.parquet"],
        test_images=[results / "dataset" / "test.parquet"],
        synthetic_images=sorted((results / "images").glob("shard-*.parquet")),
        validation=None,
    )


def _measured(name: str, job: Run) -> Curve:
    clock, processor = 0.0, 0.0
    curve: Curve = []
    for epoch in range(1, job.settings.total_epochs() + 1):
        start = time.perf_counter(), time.process_time()
        train_epoch(job, job.phase_of(epoch), epoch)
        clock += (time.perf_counter() - start[0]) / 60
        processor += (time.process_time() - start[1]) / 60
        found = measure_epoch(job, epoch)
        assert found is not None
        point = {"minutes": clock, "processor_minutes": processor, "top1": found.top1}
        print(
            f"{name}, epoch {epoch}: {found.top1:.2f} % after {processor:.1f} minutes of processor"
        )
        curve.append(point)
    return curve


def picture(curves: dict[str, Any]) -> Figure:
    """Draw top-1 against the processor's minutes, a line for each network."""
    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        minutes = [point["processor_minutes"] for point in curve]
        axes.plot(minutes, [point["top1"] for point in curve], marker="o", label=name)
    axes.set_xlabel("processor minutes of training")
    axes.set_ylabel("top-1 on the test set, %")
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


if __name__ == "__main__":
    sys.exit(run(main))
