import math

import pytest
import torch
from torch import Generator

from sau.data.sets import TrainingData
from sau.losses.class_weights import effective_number_weights
from sau.losses.focal import sigmoid_focal_loss
from sau.networks import Network
from tests.methods.conftest import COUNTS, loss_of, make, make_batch, start


def test_loss_is_the_weighted_focal_loss_of_the_cropped_view(
    network: Network, generator: Generator
) -> None:
    method, batch = make("cb_focal", beta=0.9, gamma=2), make_batch(generator)
    losses = loss_of(method, batch, network)
    weights = effective_number_weights(COUNTS, 0.9)
    expected = sigmoid_focal_loss(network(batch.views["v1"]), batch.labels, weights, 2.0)
    assert set(losses) == {"total"}
    torch.testing.assert_close(losses["total"], expected)
    assert method.end_epoch() is None


def test_new_classifier_gives_each_class_its_share(network: Network, data: TrainingData) -> None:
    start(make("cb_focal"), network, data)
    probabilities = network.classifier(torch.zeros(1, 8)).sigmoid()
    torch.testing.assert_close(probabilities, torch.full((1, 3), 1 / 3))
    assert network.classifier.bias.requires_grad


@pytest.mark.parametrize(("number", "bias"), [(1, 0.5), (2, 0.0)])
def test_bias_is_set_once_and_never_on_a_trained_classifier(
    number: int, bias: float, network: Network, data: TrainingData
) -> None:
    torch.nn.init.constant_(network.classifier.bias, bias)
    start(make("cb_focal"), network, data, number)
    assert network.classifier.bias.tolist() == [bias] * 3
    assert bias != -math.log(2)
