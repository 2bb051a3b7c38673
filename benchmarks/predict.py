"""`sau predict` against the bare network's forward pass, for large and for small images.

`sau predict` reads files, decodes and resizes them, classifies them, and writes a CSV file. The
bare network gets batches that lie ready, as many images and as many at once, on as many threads.
What both do once, loading the model, is not timed. Weights are random.
"""

import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.record import Record
from benchmarks.timing import Ratio, compare
from sau.assets.classify import Work, suitable_batch
from sau.assets.trained_model import TrainedModel
from sau.device.repeatable import repeatable
from sau.networks import Network, NetworkConfig
from sau.tools.predict.command import write_predictions
from sau.tools.predict.inputs import list_images

PREDICT, FORWARD = "sau predict", "bare forward"
_DETAIL = 8
"""Pixels of an image for each one that was drawn: noise would be no test of a JPEG decoder."""


class Case(NamedTuple):
    """A network, the side of its images, and the files that it is given."""

    config: NetworkConfig
    side: int
    stored: tuple[int, int]
    ending: str


CASES = {
    "large": Case(NetworkConfig("resnet18", 64, 100), 224, (256, 320), ".jpg"),
    "small": Case(NetworkConfig("resnet32", 16, 10), 32, (32, 32), ".png"),
}
"""Photographs a little larger than ImageNet's views, and CIFAR's images as they are."""


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("predict", __doc__)
    parser.set_defaults(threads=1)
    parser.add_argument("--workers", type=positive, default=1, help="threads that decode")
    parser.add_argument("--large", type=positive, default=128, help="images of 224 pixels")
    parser.add_argument("--small", type=positive, default=4096, help="images of 32 pixels")
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    prepare(arguments)
    ratios, figures = [], {}
    for name, case in CASES.items():
        count = getattr(arguments, name)
        with tempfile.TemporaryDirectory() as folder:
            ratio = measure(case, count, Path(folder), arguments)
        facts = ratio.to_mapping()
        figures[name] = {
            "predicted_per_second": count / facts["slower_seconds"],
            "forward_per_second": count / facts["faster_seconds"],
            "share": 1 / facts["ratio"],
        }
        print(
            f"{ratio.what}: {figures[name]['predicted_per_second']:.4g} images a second predicted, "
            f"{figures[name]['forward_per_second']:.4g} by the bare network: "
            f"{100 * figures[name]['share']:.1f} %"
        )
        ratios.append(ratio)
    record = Record("predict", settings_of(arguments), ratios, figures)
    record.print_and_write(arguments.output)
    return record


def measure(case: Case, count: int, folder: Path, arguments: Namespace) -> Ratio:
    """Write a model and `count` images into a folder, and time both in turn."""
    model = saved_model(case, folder / "model")
    write_images(case, count, folder / "images")
    listed = list_images([folder / "images"], "image")
    batch_size = suitable_batch((case.side, case.side))
    work = Work(
        batch_size=batch_size,
        workers=arguments.workers,
        threads=arguments.threads,
        device=arguments.device,
    )
    device = torch.device(arguments.device)

    def predict() -> None:
        failed = write_predictions(listed, model, work, folder / "found.csv", 5)
        assert not failed

    ready = torch.randn(batch_size, 3, case.side, case.side).to(device)
    ready = ready.contiguous(memory_format=torch.channels_last)
    pieces = [ready] * (count // batch_size)
    pieces += [ready[: count % batch_size]] if count % batch_size else []
    network = Network.from_pretrained(folder / "model").to(device)

    @torch.inference_mode()
    def forward() -> None:
        with repeatable(arguments.threads):
            for piece in pieces:
                network(piece)

    what = f"{count} images of {case.side} pixels, {case.config.backbone}"
    return compare(what, (PREDICT, predict), (FORWARD, forward), device, arguments.seconds)


def saved_model(case: Case, folder: Path) -> TrainedModel:
    """Save a network with random weights as the training stage does, and load it."""
    preprocessing = {
        "size": [case.side, case.side],
        "mean": [0.5, 0.5, 0.5],
        "std": [0.25, 0.25, 0.25],
        "view_set": "cifar",
        "crop_size": None,
        "test_views": "whole",
        "precision": "float32",
    }
    names = [f"class {label}" for label in range(case.config.classes)]
    network = Network(case.config)
    network.save_pretrained(folder, class_names=names, preprocessing=preprocessing)
    return TrainedModel.load(folder, "model")


def write_images(case: Case, count: int, folder: Path) -> None:
    """Write smooth random images as files."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    height, width = case.stored
    for place in range(count):
        shape = (max(height // _DETAIL, 1), max(width // _DETAIL, 1), 3)
        drawn = Image.fromarray(generator.integers(0, 256, shape, dtype=np.uint8))
        drawn.resize((width, height), Image.Resampling.BICUBIC).save(
            folder / f"{place:06d}{case.ending}"
        )


if __name__ == "__main__":
    sys.exit(run(main))
