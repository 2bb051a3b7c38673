"""The project's own training loop, an epoch of random images at a time."""

import time
from argparse import ArgumentParser, Namespace

from benchmarks.command import positive, resolve_device
from benchmarks.data import RandomImages, run_data
from benchmarks.pieces import Pieces
from benchmarks.timing import synchronise
from sau.device.repeatable import repeatable
from sau.engine.build import build_run
from sau.engine.loop import train_epoch
from sau.engine.settings import TrainingSettings


class Engine:
    """A run of SAU on random images, as the training stage builds and repeats it.

    Args:
        images: an epoch of them.
        settings: of the run.
    """

    def __init__(self, images: RandomImages, settings: TrainingSettings) -> None:
        self.settings = settings
        self.real = int((~images.is_synthetic).sum())
        self.number = 0
        with repeatable(settings.threads):
            data = run_data(images, resolve_device(settings.device))
            self.run = build_run(data, settings, seed=0)
        self.steps = len(images.labels) // settings.batch_size

    def epoch(self) -> Pieces:
        """Train one epoch, and return what its parts took."""
        self.number += 1
        phase, device = self.run.phase_of(self.number), self.run.device
        moments: list[float] = []

        def note_moment() -> None:
            synchronise(device)
            moments.append(time.perf_counter())

        with repeatable(self.settings.threads):
            note_moment()
            train_epoch(self.run, phase, self.number, started=note_moment)
            note_moment()
        start, started, end = moments
        return Pieces(started - start, self.real, end - started, self.steps)


def add_settings(parser: ArgumentParser) -> None:
    """Add the flags that `settings_from` reads."""
    parser.add_argument("--backbone", default="resnet32", help="CIFAR residual network")
    parser.add_argument("--width", type=positive, default=16, help="channels of its first blocks")
    parser.add_argument("--batch-size", type=positive, default=128, help="images of a batch")
    parser.add_argument("--classes", type=positive, default=10, help="number of classes")
    parser.add_argument(
        "--steps", type=positive, default=8, help="steps that are timed at once, in one epoch"
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16"),
        default="float32",
        help="training.precision of the engine",
    )
    parser.add_argument(
        "--compile",
        choices=("off", "default", "reduce-overhead"),
        default="off",
        help="training.compile of the engine",
    )


def settings_from(arguments: Namespace) -> TrainingSettings:
    """Return the settings of a run of SAU from a benchmark's flags."""
    return TrainingSettings(
        method="sau",
        backbone=arguments.backbone,
        width=arguments.width,
        batch_size=arguments.batch_size,
        precision=arguments.precision,
        compile=arguments.compile,
        device=arguments.device,
        threads=arguments.threads,
    )
