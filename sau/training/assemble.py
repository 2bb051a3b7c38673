"""A run from its parts: data, network, method and optimizer on one device."""

from collections.abc import Sequence
from pathlib import Path

import torch

from sau.errors import UserError
from sau.rng import derive_seed
from sau.training.data import TestData, TrainingData, read_facts
from sau.training.device import resolve_device
from sau.training.loading import load_test, load_training
from sau.training.loop import Run, make_optimizer
from sau.training.methods import METHODS
from sau.training.models import Network, NetworkConfig
from sau.training.settings import TrainingSettings
from sau.training.views import ViewOptions


def assemble(
    members: Path,
    train_images: Sequence[Path],
    test_images: Sequence[Path],
    synthetic_images: Sequence[Path],
    seed: int,
    settings: TrainingSettings,
) -> Run:
    """Load the data and build what is trained, all on the settings' device.

    Raises:
        UserError: no such device, or images that do not fit together or the method.
    """
    if not train_images or not test_images:
        raise UserError("--train-images and --test-images: give at least one manifest of each")
    device = resolve_device(settings.device)
    facts = read_facts(train_images[0])
    classes = len(facts.class_names)
    data = load_training(members, train_images, synthetic_images, classes, settings.data)
    test = load_test(test_images, classes)
    _check_sizes(data, test)
    method = METHODS[settings.method](settings.method_options(), classes, device)
    method.check(data)
    head = settings.projection_hidden, settings.projection_size
    config = NetworkConfig(
        settings.backbone,
        settings.width,
        classes,
        *(head if method.needs_projection else (None, None)),
    )
    precision: torch.dtype = getattr(torch, settings.precision)
    network = Network(config, derive_seed("training", seed, "weights"), precision).to(device)
    views = ViewOptions(
        facts.normalisation,
        settings.horizontal_flip,
        settings.crop_padding,
        settings.cutout_size,
    )
    optimizer = make_optimizer(network, settings)
    data, test = data.to(device), test.to(device)
    return Run(network, method, optimizer, data, test, views, settings, seed, device)


def _check_sizes(data: TrainingData, test: TestData) -> None:
    sizes = tuple(data.images.shape[2:]), tuple(test.images.shape[2:])
    if sizes[0] != sizes[1]:
        raise UserError(
            f"training images are {sizes[0]} and test images {sizes[1]} (height, width in pixels); "
            "set dataset.image_size and images.image_size to one size"
        )
