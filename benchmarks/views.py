"""Views per second: this engine's, a batch at a time, against Pillow's, an image at a time.

Both in one process with the same threads, from stored pixels to a normalised batch. The views v1
to v3 are CIFAR's, of 32 x 32 pixels; the view with RandAugment is ImageNet's v1, of a window of a
larger stored image.
"""

import dataclasses
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.data import MEAN, STD, random_images
from benchmarks.record import Record
from benchmarks.reference.views import (
    Transform,
    batch_of,
    cifar_transforms,
    rand_augment_transform,
)
from benchmarks.timing import Ratio, compare
from sau.views import Normalisation, ViewName, ViewOptions, view

CIFAR_VIEWS: tuple[ViewName, ...] = ("v1", "v2", "v3")
CIFAR_OPTIONS = ViewOptions(Normalisation(MEAN, STD))


@dataclasses.dataclass(frozen=True)
class Task:
    """Views to be made of `images` images of `side` pixels: by the engine, and by Pillow."""

    what: str
    name: ViewName
    options: ViewOptions
    transform: Transform
    images: int
    side: int


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("views", __doc__)
    parser.add_argument("--batch-size", type=positive, default=1024, help="CIFAR images at once")
    parser.add_argument("--stored-size", type=positive, default=256, help="ImageNet: image's side")
    parser.add_argument("--crop-size", type=positive, default=224, help="ImageNet: view's side")
    parser.add_argument("--large-batch-size", type=positive, default=32, help="ImageNet images")
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    stored, crop = arguments.stored_size, arguments.crop_size
    size = arguments.batch_size
    tasks = [
        Task(f"{name}, 32 pixels", name, CIFAR_OPTIONS, transform, size, 32)
        for name, transform in zip(CIFAR_VIEWS, cifar_transforms(MEAN, STD), strict=True)
    ]
    options = dataclasses.replace(CIFAR_OPTIONS, view_set="imagenet", crop_size=crop)
    transform = rand_augment_transform(MEAN, STD, crop)
    what = f"RandAugment view, {crop} of {stored} pixels"
    tasks.append(Task(what, "v1", options, transform, arguments.large_batch_size, stored))
    ratios = [compare_views(task, device, arguments.seconds) for task in tasks]
    rates = {
        ratio.what: _rates(ratio, task.images) for ratio, task in zip(ratios, tasks, strict=True)
    }
    record = Record("views", settings_of(arguments), ratios, {"views_per_second": rates})
    for what, rate in rates.items():
        print(f"{what}: {rate['pillow']:.0f} and {rate['engine']:.0f} views a second")
    record.print_and_write(arguments.output)
    return record


def compare_views(task: Task, device: torch.device, seconds: float) -> Ratio:
    """Time one kind of view both ways; the seconds are those of the whole batch."""
    pixels = random_images(task.images, 1, task.side).pixels
    pictures = [Image.fromarray(image) for image in pixels]
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().to(device)
    generator = torch.Generator().manual_seed(0)

    def engine() -> Tensor:
        return view(task.name, images, task.options, generator)

    def pillow() -> Tensor:
        return batch_of(task.transform, pictures)

    what = f"{task.images} times {task.what}"
    return compare(what, ("pillow", pillow), ("engine", engine), device, seconds)


def _rates(ratio: Ratio, images: int) -> dict[str, float]:
    facts = ratio.to_mapping()
    return {
        ratio.slower: images / facts["slower_seconds"],
        ratio.faster: images / facts["faster_seconds"],
    }


if __name__ == "__main__":
    sys.exit(run(main))
