from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from sau.data.batches import Batch
from sau.data.sets import TrainingData
from sau.engine.epoch_start import all_batches, real_batches
from sau.methods import create_method
from sau.methods.base import AnyMethod, Epoch, Losses, MethodContext, Step
from sau.networks import Network, NetworkConfig
from sau.views import Normalisation, ViewName, ViewOptions
from tests.training.made import training_data

COUNTS = torch.tensor([9, 4, 2])
VIEWS = ViewOptions(Normalisation((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)), cutout_size=2)


def context(labels: Tensor | None = None, epochs: int = 4, **images: Any) -> MethodContext:
    """Images of three classes, as many of each as `COUNTS` says unless labels are given."""
    if labels is None:
        labels = torch.repeat_interleave(torch.arange(3), COUNTS)
    sizes = {"classes": 3, "feature_size": 8, "embedding_size": 4}
    return MethodContext(labels=labels, epochs=epochs, **sizes, **images)


def context_of(data: TrainingData) -> MethodContext:
    """The images of `data`."""
    return context(data.labels, is_synthetic=data.is_synthetic, scores=data.scores)


def make(name: str, epochs: int = 4, **options: Any) -> AnyMethod:
    """Build the method called `name` for three classes, with its options."""
    return create_method(name, context(epochs=epochs), options)


def start(method: AnyMethod, network: Network, data: TrainingData, number: int = 1) -> None:
    """Start epoch `number` of the stage."""
    generator = Generator().manual_seed(0)
    method.start_epoch(
        Epoch(
            number=number,
            network=network,
            real_batches=lambda names: real_batches(data, names, VIEWS, 8, generator),
            all_batches=lambda names: all_batches(data, names, VIEWS, 8, generator),
        )
    )


def loss_of(
    method: AnyMethod, batch: Batch, network: Network, second: Batch | None = None, seed: int = 0
) -> Losses:
    """Return the losses of a batch."""
    draws = np.random.default_rng(seed)
    return method.loss(Step(batch=batch, second=second, network=network, generator=draws))


def make_batch(generator: Generator, names: Sequence[ViewName] = ("v1", "v2", "v3")) -> Batch:
    """Return six noise images of three classes, in views of those names."""
    views = torch.randn(len(names), 6, 3, 8, 8, generator=generator)
    labels = torch.tensor([0, 1, 2, 2, 1, 1])
    synthetic = torch.arange(6) % 2 == 1
    return Batch(dict(zip(names, views, strict=True)), labels, synthetic, torch.arange(6))


@pytest.fixture
def network() -> Network:
    return Network(NetworkConfig("resnet8", 2, 3, 6, 4), seed=5)


@pytest.fixture
def data(pictures: Tensor) -> TrainingData:
    """24 images of three classes, the first six synthetic."""
    labels = torch.arange(len(pictures)) % 3
    return training_data(pictures, labels, torch.arange(24) < 6)
