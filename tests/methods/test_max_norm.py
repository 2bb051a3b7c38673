import math

import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from sau.data.sets import TrainingData
from sau.methods.base import Method
from sau.networks import Network
from tests.methods.conftest import loss_of, make, make_batch, start


def set_weights(network: Network, rows: list[list[float]]) -> None:
    with torch.no_grad():
        weight = network.classifier.weight
        weight.zero_()[:, : len(rows[0])] = torch.tensor(rows)


def norms_of(network: Network) -> list[float]:
    return [math.sqrt(sum(w * w for w in row)) for row in network.classifier.weight.tolist()]


@pytest.fixture
def method(network: Network, data: TrainingData) -> Method:
    """With a radius of 1 + 0.25 (5 - 1) = 2."""
    set_weights(network, [[3, 4], [0, 1], [2, 0]])
    method = make("max_norm", threshold=0.25)
    start(method, network, data)
    return method


def test_long_weights_are_shortened_and_short_ones_left(method: Method, network: Network) -> None:
    bias = network.classifier.bias.clone()
    set_weights(network, [[6, 8], [0, 1.5], [0, 0]])
    method.after_step(network)
    assert norms_of(network) == pytest.approx([2, 1.5, 0])
    assert network.classifier.weight[0, :2].tolist() == pytest.approx([1.2, 1.6])
    assert torch.equal(network.classifier.bias, bias)


def test_radius_is_set_once_and_kept_in_the_state(
    method: Method, network: Network, data: TrainingData
) -> None:
    assert method.state_dict()["radius"].item() == 2
    set_weights(network, [[30, 40], [0, 10], [20, 0]])
    start(method, network, data, number=2)
    resumed = make("max_norm", threshold=0.25)
    resumed.load_state_dict(method.state_dict())
    start(resumed, network, data, number=2)
    resumed.after_step(network)
    assert norms_of(network) == pytest.approx([2, 2, 2])


@pytest.mark.parametrize(("threshold", "radius"), [(0.0, 1), (0.1, 1.4), (1.0, 5)])
def test_threshold_lies_between_the_shortest_and_the_longest(
    threshold: float, radius: float, network: Network, data: TrainingData
) -> None:
    set_weights(network, [[3, 4], [0, 1], [2, 0]])
    method = make("max_norm", threshold=threshold)
    start(method, network, data)
    assert method.state_dict()["radius"].item() == pytest.approx(radius)


def test_steps_stay_in_the_ball(method: Method, network: Network, generator: Generator) -> None:
    batch = make_batch(generator)
    optimizer = torch.optim.SGD(network.classifier.parameters(), 5.0)
    for _ in range(3):
        optimizer.zero_grad()
        torch.autograd.backward(loss_of(method, batch, network)["total"])
        optimizer.step()
        assert max(norms_of(network)) > 2
        method.after_step(network)
        assert max(norms_of(network)) <= 2 + 1e-5


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_loss_is_class_balanced(loss: str, network: Network, generator: Generator) -> None:
    batch = make_batch(generator)
    losses = loss_of(make("max_norm", loss=loss, beta=0.9), batch, network.train())
    weights = [0.1 / (1 - 0.9**n) for n in (9, 4, 2)]
    weights = [3 * w / sum(weights) for w in weights]
    log_p = F.log_softmax(network(batch.views["v1"]).double(), dim=1).tolist()
    expected = 0.0
    for row, label in zip(log_p, batch.labels.tolist(), strict=True):
        if loss == "cross_entropy":
            cost = -row[label]
        else:
            wrong = [math.log(1 - math.exp(v)) for c, v in enumerate(row) if c != label]
            cost = -(row[label] + sum(wrong)) / 3
        expected += weights[label] * cost / 6
    assert losses["total"].item() == pytest.approx(expected, rel=1e-5)
