from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from sau.methods.options import METHOD_OPTIONS
from torch import Generator, Tensor

from sau.data.batches import Batch
from sau.data.sets import TrainingData
from sau.methods.base import Epoch, Losses, Method, Task
from sau.methods.registry import METHODS
from sau.networks import Network, NetworkConfig
from sau.views import Normalisation, ViewName, ViewOptions
from tests.training.made import training_data

CPU = torch.device("cpu")
COUNTS = torch.tensor([9, 4, 2])
VIEWS = ViewOptions(Normalisation((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)), cutout_size=2)


def make(name: str, epochs: int = 4, **options: Any) -> Method:
    """Build the method called `name` for three classes, with its options."""
    task = Task(COUNTS, feature_size=8, embedding_size=4, epochs=epochs, device=CPU)
    return METHODS[name](METHOD_OPTIONS[name].from_mapping(options), task)


def start(method: Method, network: Network, data: TrainingData, number: int = 1) -> None:
    """Start epoch `number` of the stage."""
    generator = Generator().manual_seed(0)
    method.start_epoch(Epoch(number, network, data, VIEWS, 8, generator))


def loss_of(method: Method, batch: Batch, network: Network, seed: int = 0) -> Losses:
    """Return the losses of a batch, for a method without a second one."""
    return method.loss(batch, None, network, np.random.default_rng(seed))


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
