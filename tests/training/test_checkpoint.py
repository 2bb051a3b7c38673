import logging
from pathlib import Path

import pytest
import torch
from torch import Generator

from sau.training.checkpoint import load_checkpoint, save_checkpoint
from sau.training.loop import make_optimizer
from sau.training.models import Network, NetworkConfig
from sau.training.settings import TrainingSettings
from sau.training.state import Predictions, RunState

SETTINGS = TrainingSettings(method="cross_entropy", learning_rate=0.1)


def make(seed: int) -> tuple[Network, torch.optim.SGD]:
    network = Network(NetworkConfig("resnet8", 2, 3), seed)
    return network, make_optimizer(network, SETTINGS)


def step(network: Network, optimizer: torch.optim.SGD) -> None:
    images = torch.randn(4, 3, 8, 8, generator=Generator().manual_seed(0))
    optimizer.zero_grad()
    torch.autograd.backward(network(images).square().sum())
    optimizer.step()


def state() -> RunState:
    last = Predictions(2, 50.0, torch.tensor([0, 1], dtype=torch.int32), torch.tensor([0.1, 0.9]))
    first = Predictions(1, 50.0, torch.tensor([1, 1], dtype=torch.int32), torch.tensor([0.3, 0.2]))
    return RunState(2, [(1, "loss/total", 1 / 3)], [(1, 0, 4, 2)], last, first)


def test_goes_on_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    network, optimizer = make(1)
    step(network, optimizer)
    save_checkpoint(path, "a", network, optimizer, state())
    other, other_optimizer = make(2)
    loaded = load_checkpoint(path, "a", other, other_optimizer)
    step(network, optimizer)
    step(other, other_optimizer)
    for name, value in network.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
    assert loaded.epoch == 2
    assert loaded.history == state().history
    assert loaded.label_correction == state().label_correction
    assert loaded.last is not None
    assert loaded.best is not None
    assert (loaded.last.epoch, loaded.best.epoch) == (2, 1)
    assert torch.equal(loaded.best.predicted, torch.tensor([1, 1], dtype=torch.int32))
    assert torch.equal(loaded.last.confidence, torch.tensor([0.1, 0.9]))


def test_another_identity_or_a_damaged_file_starts_afresh(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    network, optimizer = make(1)
    save_checkpoint(path, "a", network, optimizer, state())
    other, other_optimizer = make(2)
    before = {name: value.clone() for name, value in other.state_dict().items()}
    with caplog.at_level(logging.WARNING):
        assert load_checkpoint(path, "b", other, other_optimizer) == RunState()
        path.write_bytes(path.read_bytes()[:50])
        assert load_checkpoint(path, "a", other, other_optimizer) == RunState()
    assert [record.message.split("; ")[-1] for record in caplog.records] == ["starting afresh"] * 2
    assert load_checkpoint(tmp_path / "none", "a", other, other_optimizer) == RunState()
    assert all(torch.equal(before[name], value) for name, value in other.state_dict().items())


def test_best_is_the_first_of_equals() -> None:
    run = RunState()
    empty = torch.tensor([])
    for epoch, top1 in enumerate([10.0, 30.0, 30.0, 20.0], start=1):
        run.record_predictions(Predictions(epoch, top1, empty, empty))
    assert run.best is not None
    assert run.last is not None
    assert (run.best.epoch, run.last.epoch) == (2, 4)
