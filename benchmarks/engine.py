"""The project's own training loop, an epoch of random images at a time."""

import tempfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from benchmarks.command import positive, resolve_device
from benchmarks.data import RandomImages, write_manifests
from benchmarks.pieces import Pieces
from benchmarks.timing import synchronise
from sau.device.repeatable import repeatable
from sau.engine.loop import Run, train_epoch
from sau.engine.settings import TrainingSettings
from sau.pipeline.training.assemble import assemble


class Engine:
    """A run of SAU on random images, as the training stage assembles and repeats it.

    Args:
        images: an epoch of them.
        settings: of the run.
    """

    def __init__(self, images: RandomImages, settings: TrainingSettings) -> None:
        self.settings = settings
        self.real = int((~images.is_synthetic).sum())
        self.number = 0
        with tempfile.TemporaryDirectory() as folder, repeatable(settings.threads):
            manifests: dict[str, Any] = {**write_manifests(images, Path(folder))}
            self.run: Run = assemble(
                **manifests, seed=0, settings=settings, device=resolve_device(settings.device)
            )
        self.steps = len(images.labels) // settings.batch_size

    def epoch(self) -> Pieces:
        """Train one epoch, and return what its parts took."""
        self.number += 1
        phase, device = self.run.phase_of(self.number), self.run.device
        prepare, ended = phase.method.start_epoch, 0.0

        def start_epoch(*arguments: Any) -> None:
            nonlocal ended
            prepare(*arguments)
            synchronise(device)
            ended = time.perf_counter()

        # An attribute of the object hides the class's method until it is deleted.
        vars(phase.method)["start_epoch"] = start_epoch
        with repeatable(self.settings.threads):
            synchronise(device)
            start = time.perf_counter()
            train_epoch(self.run, phase, self.number)
            synchronise(device)
            end = time.perf_counter()
        del vars(phase.method)["start_epoch"]
        return Pieces(ended - start, self.real, end - ended, self.steps)


def add_settings(parser: ArgumentParser) -> None:
    """Add the flags that `settings_from` reads."""
    parser.add_argument("--backbone", default="resnet32", help="CIFAR residual network")
    parser.add_argument("--width", type=positive, default=16, help="channels of its first stage")
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
