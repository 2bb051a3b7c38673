import copy

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from sau.data.sets import TrainingData
from sau.engine.optimizers import make_optimizer
from sau.engine.settings import TrainingSettings
from sau.engine.step import take_step
from sau.methods.base import AnyMethod, Step
from sau.methods.paco import parametric_contrastive_loss
from sau.networks import Network, NetworkConfig
from tests.methods.conftest import COUNTS, loss_of, make, make_batch, start


def attached(network: Network, data: TrainingData, **options: object) -> AnyMethod:
    method = make("paco", **options)
    method.attach(network)
    start(method, network, data)
    return method


def test_paco_is_the_loss_of_queries_keys_queue_and_centres(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    method = attached(network, data, queue_size=8, alpha=0.1, temperature=0.3)
    old = make_batch(generator, method.views)
    loss_of(method, old, network)
    method.after_step(network)
    batch = make_batch(generator, method.views)
    total = loss_of(method, batch, network)["total"]

    earlier, keys = (method.key_network.embeddings(b.views["v3"]) for b in (old, batch))
    features = network.features(batch.views["strong"])
    expected = parametric_contrastive_loss(
        network.project(features),
        batch.labels,
        torch.cat([keys, earlier, torch.zeros(2, 4)]),
        torch.cat([batch.labels, old.labels, torch.tensor([-1, -1])]),
        network.classify(features) + (COUNTS / COUNTS.sum()).log(),
        alpha=0.1,
        temperature=0.3,
    )
    torch.testing.assert_close(total, expected)


@pytest.mark.parametrize("size", [4, 8, 20])
def test_queue_holds_the_newest_keys_first(
    size: int, network: Network, data: TrainingData, generator: Generator
) -> None:
    method = attached(network, data, queue_size=size)
    assert method.queue_labels.tolist() == [-1] * size
    expected: list[int] = [-1] * size
    for _ in range(3):
        batch = make_batch(generator, method.views)
        loss_of(method, batch, network)
        loss_of(method, batch, network)  # as a sharpness-aware step does
        method.after_step(network)
        expected = [*batch.labels.tolist(), *expected][:size]
        assert method.queue_labels.tolist() == expected
        keys = method.key_network.embeddings(batch.views["v3"])
        torch.testing.assert_close(method.queue[:6], keys[:size], atol=1e-4, rtol=0)


@pytest.mark.parametrize("radius", [0.0, 0.05])
def test_keys_come_from_a_moving_average_without_gradient_or_decay(
    radius: float, network: Network, data: TrainingData, generator: Generator
) -> None:
    method = attached(network, data, key_momentum=0.9)
    settings = TrainingSettings(method="paco", learning_rate=0.5, weight_decay=0.3, momentum=0.9)
    optimizer = make_optimizer(network, method, settings)
    average = [value.clone() for value in network.parameters()]
    for _ in range(3):
        batch = make_batch(generator, method.views)
        step = Step(batch=batch, network=network, generator=np.random.default_rng(0))
        take_step(method, optimizer, step, sharpness_radius=radius)
        average = [
            0.9 * slow + 0.1 * fast.detach()
            for slow, fast in zip(average, network.parameters(), strict=True)
        ]
    copied = list(method.key_network.parameters())
    assert not any(parameter.requires_grad for parameter in copied)
    assert not any(parameter.grad is not None for parameter in copied)
    torch.testing.assert_close(copied, average)
    # Three steps at this rate and decay would have moved the copy away by far.
    moved = [(a - b).abs().max() for a, b in zip(copied, network.parameters(), strict=True)]
    assert max(moved) > 0.1


def test_copy_starts_from_what_an_earlier_stage_has_trained(
    network: Network, data: TrainingData
) -> None:
    method = make("paco")
    method.attach(network)
    trained = Network(NetworkConfig("resnet8", 2, 3, 6, 4), seed=6)
    untouched = copy.deepcopy(method.key_network.state_dict())
    start(method, trained, data, number=2)
    assert_same(method.key_network.state_dict(), untouched)
    start(method, trained, data, number=1)
    assert_same(method.key_network.state_dict(), trained.state_dict())


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in found.items())


def test_state_is_in_the_checkpoint(network: Network, data: TrainingData) -> None:
    names = set(attached(network, data).state_dict())
    assert {"queue", "queue_labels", "key_network.classifier.weight"} <= names
