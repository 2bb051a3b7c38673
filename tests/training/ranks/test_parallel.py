"""One step of two processes is one step of a single process on the same batch."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from sau.data.batches import Batch
from sau.data.sets import TrainingData
from sau.device.ranks import Ranks
from sau.engine.parallel import ParallelLoss, own_loss
from sau.engine.step import take_step
from sau.methods import METHODS
from sau.methods.base import Step
from sau.networks import Network, NetworkConfig
from sau.networks.batch_norm import synchronise
from sau.views import ViewName
from tests.methods.conftest import make, start
from tests.training.made import training_data
from tests.training.ranks.float64 import float64
from tests.training.ranks.pair import Pair

STEPS = 2


def make_batch(names: tuple[ViewName, ...], rows: int, seed: int) -> Batch:
    generator = Generator().manual_seed(seed)
    views = torch.randn(len(names), rows, 3, 8, 8, generator=generator)
    labels = torch.arange(rows) * 5 % 3
    index = torch.arange(rows)
    return Batch(dict(zip(names, views, strict=True)), labels, index % 2 == 1, index)


def make_data() -> TrainingData:
    generator = Generator().manual_seed(4)
    pixels = torch.randint(256, (15, 3, 8, 8), dtype=torch.uint8, generator=generator)
    labels = torch.arange(15) % 3
    return training_data(pixels, labels, labels > 5)


def shared(batch: Batch | None, ranks: Ranks | None) -> Batch | None:
    """Return what this process has of a batch."""
    share = ranks.share(len(batch.labels)) if ranks and batch else None
    if batch is None or share is None:
        return batch
    views = {name: share.take(view) for name, view in batch.views.items()}
    return dataclasses.replace(batch, views=views, share=share)


def steps_in_float64(*arguments: Any) -> dict[str, Tensor]:
    with float64():
        return steps(*arguments)


def steps(
    ranks: Ranks | None, name: str, rows: int, radius: float, options: dict[str, Any]
) -> dict[str, Tensor]:
    """Return losses, gradients of the last step, and all values after a few steps."""
    torch.manual_seed(6)
    method = make(name, **options)
    classifier = {} if method.classifier is None else {"classifier": method.classifier}
    scale = {"classifier_scale": method.classifier_scale}
    network = Network(NetworkConfig("resnet8", 2, 3, 6, 4, **classifier, **scale), seed=5)
    if ranks:
        synchronise(network)
    method.attach(network)
    start(method, network, make_data())
    network.train()
    method.train()
    parameters = [*network.parameters(), *method.parameters()]
    optimizer = torch.optim.SGD(parameters, 0.01, momentum=0.9)
    loss_of = ParallelLoss(network, method) if ranks else own_loss
    mixing = np.random.default_rng(7)
    found: dict[str, Tensor] = {}
    for step in range(STEPS):
        first = make_batch(method.views, rows, 2 * step)
        second = make_batch(method.second_views, rows, 2 * step + 1)
        second = second if method.second_views else None
        made = Step(
            batch=shared(first, ranks),
            second=shared(second, ranks),
            network=network,
            generator=mixing,
        )
        losses = take_step(method, optimizer, made, sharpness_radius=radius, loss_of=loss_of)
        found |= {f"{part} {step}": value.detach() for part, value in losses.items()}
    for owner, module in (("network", network), ("method", method)):
        for key, value in module.named_parameters():
            if value.grad is not None:
                found[f"slope of {owner}.{key}"] = value.grad.clone()
        found |= {f"{owner}.{key}": value for key, value in module.state_dict().items()}
    tallies = method.end_epoch()
    return found if tallies is None else found | {"tallies": tallies}


def assert_same_steps(pair: Pair, *arguments: Any) -> dict[str, Tensor]:
    with_one = steps_in_float64(None, *arguments)
    assert with_one["total 0"].dtype == torch.float64
    for found in pair.in_group(steps_in_float64, *arguments):
        assert set(found) == set(with_one)
        for name, expected in with_one.items():
            found_value = found[name].to(expected.dtype)
            torch.testing.assert_close(
                found_value, expected, rtol=1e-7, atol=1e-9, msg=lambda text, n=name: f"{n}: {text}"
            )
    return with_one


@pytest.mark.parametrize("name", METHODS)
def test_step_is_that_of_one_process(name: str, pair: Pair) -> None:
    """Losses, gradients, weights, statistics, queues and tallies, of every method."""
    expected = assert_same_steps(pair, name, 6, 0.0, {})
    assert any(name.startswith("slope of network.encoder") for name in expected)


@pytest.mark.parametrize("strategy", ["drop", "pos_neg", "neg_only"])
def test_contrastive_loss_is_that_of_all_rows(strategy: str, pair: Pair) -> None:
    """With a number of images that cannot be divided, and some of them noise."""
    options = {"noise_strategy": strategy, "mixup_weight": 0, "cutmix_weight": 0, "neighbours": 3}
    expected = assert_same_steps(pair, "sau", 13, 0.0, options)
    assert 0 < expected["tallies"][:, 1].sum() < expected["tallies"][:, 0].sum()


@pytest.mark.parametrize("name", ["sau", "bcl", "paco"])
@pytest.mark.parametrize("rows", [3, 7])
def test_batch_that_cannot_be_divided(rows: int, name: str, pair: Pair) -> None:
    """Three images are too few to share; of seven, one process has four and the other three."""
    assert_same_steps(pair, name, rows, 0.0, {})


@pytest.mark.parametrize("name", ["sau", "paco", "sure"])
def test_sharpness_aware_step_is_that_of_one_process(name: str, pair: Pair) -> None:
    assert_same_steps(pair, name, 6, 0.05, {})
