import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from sau.core.errors import UserError
from sau.engine.averaging import Averager, measure_statistics
from sau.networks import Network, NetworkConfig
from sau.pipeline.training.image_facts import read_facts
from sau.pipeline.training.loading import load_test
from sau.pipeline.training.settings import TrainingSection
from sau.storage.manifest import read
from tests.training.conftest import Inputs, assert_goes_on, bytes_of, pixels_of

CONFIG = NetworkConfig("resnet8", 2, 3, 6, 4)


def batches(count: int, sizes: tuple[int, ...] = (8, 8, 5)) -> list[list[Tensor]]:
    """Return `count` epochs of batches of noise images."""
    generator = Generator().manual_seed(3)
    return [[torch.randn(size, 3, 8, 8, generator=generator) for size in sizes]] * count


def averager_of(network: Network, **changes: Any) -> Averager:
    return Averager(network, TrainingSection(method="cross_entropy", **changes))


def learn(network: Network, images: Tensor) -> None:
    """Take one step, through all of the network."""
    optimizer = torch.optim.SGD(network.parameters(), 0.3)
    network.train()
    loss = network(images).square().mean() + network.embeddings(images)[:, 0].mean()
    torch.autograd.backward(loss)
    optimizer.step()
    optimizer.zero_grad()


def values_of(network: Network) -> dict[str, Tensor]:
    state = network.state_dict()
    return {name: value.clone() for name, value in state.items() if value.is_floating_point()}


def assert_values(network: Network, expected: dict[str, Tensor]) -> None:
    state = network.state_dict()
    for name, value in expected.items():
        torch.testing.assert_close(state[name].double(), value.double(), rtol=1e-5, atol=1e-6)


def test_moving_average_is_its_recursion() -> None:
    """a <- d a + (1 - d) w after each step, from the first step's weights on; statistics too."""
    network = Network(CONFIG, seed=1)
    averager = averager_of(network, ema_decay=0.8)
    assert averager.tested() is network
    expected: dict[str, Tensor] = {}
    for images in batches(1, (8,) * 5)[0]:
        learn(network, images)
        averager.after_step()
        now = {name: value.double() for name, value in values_of(network).items()}
        if not expected:
            expected = now
        expected = {name: 0.8 * expected[name] + 0.2 * value for name, value in now.items()}
    assert any("running_var" in name for name in expected)
    assert_values(averager.tested(), expected)
    last = values_of(network)
    far = [name for name in last if not torch.allclose(last[name].double(), expected[name])]
    assert len(far) > 10


def test_moving_average_ignores_the_ends_of_epochs() -> None:
    network = Network(CONFIG, seed=1)
    averager = averager_of(network, ema_decay=0.8)
    learn(network, batches(1)[0][0])
    averager.after_step()
    before = values_of(averager.tested())
    averager.end_epoch(1, iter(batches(1)[0]))
    assert_values(averager.tested(), before)


def test_swa_is_the_mean_of_the_weights_at_the_ends_of_epochs() -> None:
    network = Network(CONFIG, seed=1)
    averager = averager_of(network, swa_from=2, epochs=4)
    kept = []
    for epoch, images in enumerate(batches(4), start=1):
        for batch in images:
            learn(network, batch)
            averager.after_step()
        averager.end_epoch(epoch, iter(images))
        if epoch == 1:
            assert averager.tested() is network
        else:
            kept.append(values_of(network))
    names = [name for name, _ in network.named_parameters()]
    mean = {name: sum(values[name].double() for values in kept) / 3 for name in names}
    assert_values(averager.tested(), mean)
    assert averager.tested() is not network


def moments(network: Network, images: list[Tensor]) -> dict[str, Tensor]:
    """Mean and variance of what each BatchNorm layer is given, averaged over the batches."""
    network = copy.deepcopy(network).train()
    found: dict[str, list[Tensor]] = {}

    def remember(name: str) -> Any:
        def hook(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            values = inputs[0].double().transpose(0, 1).flatten(1)
            found.setdefault(f"{name}.running_mean", []).append(values.mean(dim=1))
            found.setdefault(f"{name}.running_var", []).append(values.var(dim=1))

        return hook

    for name, layer in network.named_modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.register_forward_pre_hook(remember(name))
    with torch.no_grad():
        for batch in images:
            network.project(network.features(batch))
    return {name: torch.stack(values).mean(dim=0) for name, values in found.items()}


def test_statistics_of_swa_are_measured_again_in_all_layers() -> None:
    network = Network(CONFIG, seed=1)
    averager = averager_of(network, swa_from=1, epochs=2)
    for epoch, images in enumerate(batches(2), start=1):
        learn(network, images[0])
        averager.end_epoch(epoch, iter(images))
    expected = moments(averager.tested(), batches(1)[0])
    statistics = {name for name in values_of(network) if "running_" in name}
    assert set(expected) == statistics
    assert any(name.startswith("projection") for name in statistics)
    assert_values(averager.tested(), expected)


def test_measuring_leaves_weights_and_momentum_alone() -> None:
    network = Network(CONFIG, seed=1)
    before = [parameter.clone() for parameter in network.parameters()]
    measure_statistics(network, batches(1)[0])
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    layers = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert {layer.momentum for layer in layers} == {0.1}


def test_last_weights_are_tested_without_an_average() -> None:
    network = Network(CONFIG, seed=1)
    averager = averager_of(network)
    averager.after_step()
    averager.end_epoch(1, iter(()))
    assert averager.tested() is network
    assert averager.modules() == {}


@pytest.mark.parametrize("changes", [{"ema_decay": 0.7}, {"swa_from": 2}, {"swa_from": 3}])
def test_killed_run_goes_on_with_its_average(
    changes: dict[str, Any], inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_goes_on(inputs, tmp_path, monkeypatch, 2, method="cross_entropy", **changes)


@pytest.mark.parametrize("changes", [{"ema_decay": 0.7}, {"swa_from": 2}])
def test_tested_network_is_the_one_that_is_saved(
    changes: dict[str, Any], inputs: Inputs, tmp_path: Path
) -> None:
    plain = inputs.train(tmp_path / "plain", method="cross_entropy")
    outputs = inputs.train(tmp_path / "average", method="cross_entropy", **changes)
    network = Network.from_pretrained(outputs["model"])
    facts = read_facts(inputs.train_images[0])
    with torch.no_grad():
        images = facts.normalisation.from_bytes(pixels_of(load_test(inputs.test_images, 3)))
        scores = network(images).softmax(dim=1)
    last = read(outputs["predictions"], "predictions").to_pandas().query("selection == 'last'")
    assert last["predicted"].tolist() == scores.argmax(dim=1).tolist()
    assert last["confidence"].tolist() == pytest.approx(scores.amax(dim=1).tolist())
    names = "model.safetensors", "predictions"
    assert all(bytes_of(plain)[name] != bytes_of(outputs)[name] for name in names)
    # The average is looked at, never trained on.
    losses = [read(o["history"], "history").to_pandas() for o in (plain, outputs)]
    first, second = (h[h["name"] == "loss/total"]["value"].tolist() for h in losses)
    assert first == second


def test_averages_that_cannot_be_are_refused() -> None:
    with pytest.raises(UserError, match="not both"):
        TrainingSection(ema_decay=0.9, swa_from=3)
    with pytest.raises(UserError, match="beyond the last epoch, 12"):
        TrainingSection(epochs=10, swa_from=13, second_stage={"epochs": 2})
    assert TrainingSection(epochs=10, swa_from=12, second_stage={"epochs": 2}).swa_from == 12
