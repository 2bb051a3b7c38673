import dataclasses

import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from sau.data.sets import TrainingData
from sau.methods import create_method
from sau.methods.base import OptionError
from sau.networks import Network
from tests.methods.conftest import context_of, loss_of, make, make_batch, start


def test_prior_is_what_the_stage_trains_on(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    method, batch = make("balanced_softmax"), make_batch(generator)
    start(method, network, data)
    logits = network(batch.views["v1"]) + torch.tensor([9.0, 4.0, 2.0]).log()
    expected = F.cross_entropy(logits, batch.labels)
    torch.testing.assert_close(loss_of(method, batch, network)["total"], expected)


def test_prior_of_the_real_images_alone(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    data = dataclasses.replace(data, is_synthetic=(data.labels == 1) & data.is_synthetic)
    method = create_method("balanced_softmax", context_of(data), {"counts": "real"})
    batch = make_batch(generator)
    logits = network(batch.views["v1"]) + torch.tensor([8.0, 6.0, 8.0]).log()
    expected = F.cross_entropy(logits, batch.labels)
    torch.testing.assert_close(loss_of(method, batch, network)["total"], expected)


def test_class_without_a_real_image_has_no_real_prior(data: TrainingData) -> None:
    bare = dataclasses.replace(data, is_synthetic=data.labels == 2)
    with pytest.raises(OptionError, match="^counts: real, but class 2 has no real training image"):
        create_method("balanced_softmax", context_of(bare), {"counts": "real"})
    create_method("balanced_softmax", context_of(bare))
