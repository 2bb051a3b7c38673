import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sau.data.batches import Batch
from sau.engine.step import still_statistics, take_step, uphill
from sau.methods import create_method
from sau.methods.base import AnyMethod, Losses, Method, MethodContext, Step
from sau.methods.cross_entropy import CrossEntropyOptions
from sau.networks import Network, NetworkConfig

RATE, MOMENTUM, DECAY = 0.1, 0.9, 0.05


def tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def context(classes: int, **sizes: int) -> MethodContext:
    sizes = {"feature_size": 1, "embedding_size": 1, "epochs": 1} | sizes
    return MethodContext(labels=torch.arange(classes), classes=classes, **sizes)


class Regression(Method[CrossEntropyOptions]):
    """Squared error of a linear model in float64, times a draw, without any network."""

    def __init__(self) -> None:
        super().__init__(CrossEntropyOptions(), context(2))
        self.weight = nn.Parameter(tensor([0.5, -1.0, 2.0]))
        self.bias = nn.Parameter(tensor(0.3))
        self.unused = nn.Parameter(tensor(7.0))
        self.draws: list[float] = []
        self.steps = 0

    def loss(self, step: Step) -> Losses:
        self.draws.append(float(step.generator.random()))
        images = step.batch.views["v1"]
        error = images @ self.weight + self.bias - step.batch.labels
        return {"total": self.draws[-1] * (error**2).mean(), "error": error.abs().mean()}

    def after_step(self, network: Any) -> None:
        self.steps += 1


def take(
    network: Any,
    method: AnyMethod,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    generator: np.random.Generator,
    radius: float = 0.0,
) -> Losses:
    step = Step(batch=batch, network=network, generator=generator)
    return take_step(method, optimizer, step, sharpness_radius=radius)


def make_batch(rows: list[list[float]], labels: list[float]) -> Batch:
    images, targets = tensor(rows), tensor(labels)
    return Batch({"v1": images}, targets, torch.zeros(len(labels)), torch.arange(len(labels)))


ROWS, LABELS = [[1.0, 2.0, 0.5], [0.0, -1.0, 1.5], [2.0, 0.3, -0.7]], [1.0, -2.0, 0.4]


def gradient(values: list[float], draw: float) -> list[float]:
    """Slopes of the loss at three weights and a bias, by the chain rule, row by row."""
    slopes = [0.0] * 4
    for row, label in zip(ROWS, LABELS, strict=True):
        inputs = [*row, 1.0]
        error = sum(w * x for w, x in zip(values, inputs, strict=True)) - label
        for place, x in enumerate(inputs):
            slopes[place] += draw * 2 * error * x / len(ROWS)
    return slopes


def sharpness_aware(values: list[float], draws: list[float], radius: float) -> list[float]:
    """Foret et al., equations 2 and 3, then SGD with momentum and weight decay."""
    velocity = [0.0] * 4
    for draw in draws:
        here = gradient(values, draw)
        length = math.sqrt(sum(g * g for g in here))
        there = [w + radius * g / length for w, g in zip(values, here, strict=True)]
        slopes = gradient(there, draw)
        velocity = [
            MOMENTUM * v + (g + DECAY * w) for v, g, w in zip(velocity, slopes, values, strict=True)
        ]
        values = [w - RATE * v for w, v in zip(values, velocity, strict=True)]
    return values


@pytest.mark.parametrize("radius", [0.0, 0.05, 0.7])
def test_steps_equal_a_plain_loop(radius: float) -> None:
    method = Regression()
    optimizer = torch.optim.SGD(method.parameters(), RATE, MOMENTUM, weight_decay=DECAY)
    generator, batch = np.random.default_rng(0), make_batch(ROWS, LABELS)
    for _ in range(3):
        take(method, method, optimizer, batch, generator, radius)
    draws = np.random.default_rng(0).random(3).tolist()
    expected = sharpness_aware([0.5, -1.0, 2.0, 0.3], draws, radius)
    assert [*method.weight.tolist(), method.bias.item()] == pytest.approx(expected, rel=1e-9)
    assert method.unused.item() == 7
    # Both passes of a step see the same draw; the method's state changes once.
    assert method.draws == [draw for draw in draws for _ in range(2 if radius else 1)]
    assert method.steps == 3
    assert generator.random() == np.random.default_rng(0).random(4)[3]


def test_losses_are_those_of_the_weights_before_the_step() -> None:
    batch, found = make_batch(ROWS, LABELS), []
    for radius in (0.0, 0.5):
        method = Regression()
        optimizer = torch.optim.SGD(method.parameters(), RATE)
        generator = np.random.default_rng(0)
        found.append(take(method, method, optimizer, batch, generator, radius))
    assert set(found[0]) == {"total", "error"}
    assert found[0]["total"] == found[1]["total"]


def test_weights_stay_where_there_is_no_slope() -> None:
    method = Regression()
    method.weight.data.zero_()
    method.bias.data.zero_()
    optimizer = torch.optim.SGD(method.parameters(), RATE)
    batch = make_batch(ROWS, [0.0, 0.0, 0.0])
    take(method, method, optimizer, batch, np.random.default_rng(0), 0.5)
    assert [*method.weight.tolist(), method.bias.item()] == [0.0] * 4


def test_uphill_keeps_gradients_on_inside_and_ends_where_it_began() -> None:
    weights = [nn.Parameter(torch.tensor([3.0, 0.0])), nn.Parameter(torch.tensor(1.0))]
    weights[0].grad, weights[1].grad = torch.tensor([0.0, 3.0]), torch.tensor(4.0)
    with uphill(weights, 0.1):
        assert torch.is_grad_enabled()
        torch.testing.assert_close(weights[0].detach(), torch.tensor([3.0, 0.06]))
        torch.testing.assert_close(weights[1].detach(), torch.tensor(1.08))
    assert [w.tolist() for w in weights] == [[3.0, 0.0], 1.0]


def tiny(name: str) -> tuple[Network, AnyMethod, torch.optim.SGD, Batch]:
    network = Network(NetworkConfig("resnet8", 2, 3, 6, 4), seed=5)
    method = create_method(name, context(3, feature_size=8, embedding_size=4))
    views = {"v1": torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(1))}
    batch = Batch(views, torch.arange(6) % 3, torch.zeros(6), torch.arange(6))  # type: ignore[arg-type]
    return network, method, torch.optim.SGD(network.parameters(), 0.1, 0.9), batch


def buffers(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.named_buffers()}


def test_statistics_are_those_of_the_first_pass() -> None:
    found = []
    for radius in (0.0, 0.5):
        network, method, optimizer, batch = tiny("cross_entropy")
        take(network, method, optimizer, batch, np.random.default_rng(0), radius)
        found.append(buffers(network))
    plain, aware = found
    assert all(torch.equal(plain[name], aware[name]) for name in plain)
    counts = {int(v) for name, v in aware.items() if "num_batches" in name and "encoder" in name}
    assert counts == {1}


def test_statistics_move_again_after_a_step() -> None:
    norm = nn.BatchNorm1d(2)
    inputs = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    before = buffers(norm)
    with still_statistics(norm):
        still = norm(inputs)
    assert all(torch.equal(before[name], value) for name, value in norm.named_buffers())
    torch.testing.assert_close(norm(inputs), still)
    assert norm.num_batches_tracked == 1
    torch.testing.assert_close(norm.running_mean, 0.1 * inputs.mean(dim=0))


def test_radius_0_is_a_plain_step_bit_for_bit() -> None:
    network, method, optimizer, batch = tiny("mixup")
    twin, _, plain, _ = copy.deepcopy((network, method, optimizer, batch))
    plain = torch.optim.SGD(twin.parameters(), 0.1, 0.9)
    draws = [np.random.default_rng(0), np.random.default_rng(0)]
    for _ in range(2):
        take(network, method, optimizer, batch, draws[0])
        plain.zero_grad()
        step = Step(batch=batch, network=twin, generator=draws[1])
        torch.autograd.backward(method.loss(step)["total"])
        plain.step()
    state = twin.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


def test_mixing_is_the_same_in_both_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    network, method, optimizer, batch = tiny("mixup")
    seen: list[Tensor] = []
    logits = Network.logits

    def spy(self: Network, images: Tensor) -> Tensor:
        seen.append(images)
        return logits(self, images)

    monkeypatch.setattr(Network, "logits", spy)
    draws = np.random.default_rng(0)
    for _ in range(2):
        take(network, method, optimizer, batch, draws, 0.1)
    assert torch.equal(seen[0], seen[1])
    assert torch.equal(seen[2], seen[3])
    assert not torch.equal(seen[0], seen[2])


@pytest.mark.parametrize("radius", [0.0, 50.0])
def test_method_remembers_the_first_pass(radius: float) -> None:
    """What `after_step` stores was seen at the weights of the step, not uphill of them."""
    stored: list[float] = []

    class Remembering(Regression):
        def loss(self, step: Step) -> Losses:
            losses = super().loss(step)
            self.found = losses["error"].item()
            return losses

        def after_step(self, network: Any) -> None:
            stored.append(self.found)

    method = Remembering()
    optimizer = torch.optim.SGD(method.parameters(), 0.1)
    batch, draws = make_batch(ROWS, LABELS), np.random.default_rng(0)
    network = Network(NetworkConfig("resnet8", 2, 2))
    losses = take(network, method, optimizer, batch, draws, radius)
    assert stored == [losses["error"].item()]
