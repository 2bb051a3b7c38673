"""What is measured besides time: memory, operations, and where the time goes."""

import re

import pytest
import torch

from benchmarks import report_memory
from benchmarks.contrastive_loss import random_inputs
from benchmarks.data import RandomImages
from benchmarks.engine import Engine
from benchmarks.memory import kept_for_backward
from benchmarks.profile import KINDS, time_by_kind
from benchmarks.reference.network import PlainNetwork
from benchmarks.share_of_peak import epoch_flops
from sau.engine.settings import TrainingSettings

TINY = TrainingSettings(
    backbone="resnet8", width=4, batch_size=8, projection_hidden=16, projection_size=8
)


def test_shared_memory_is_kept_once() -> None:
    values = torch.ones(1000, requires_grad=True)
    assert kept_for_backward(lambda: (values * values).sum()) == 4000
    assert kept_for_backward(lambda: (values.exp() * values).sum()) == 8000
    assert kept_for_backward(lambda: values.sum()) == 0


def test_contrastive_losses_are_the_same() -> None:
    inputs = random_inputs(64, 10, 16, torch.device("cpu"))
    torch.testing.assert_close(inputs.masked(), inputs.engine())


def test_operations_of_an_epoch_are_those_of_its_layers(images: RandomImages) -> None:
    """Counted by hand: a product of a x b and b x c takes 2 a b c, and backward twice that."""
    engine = Engine(images, TINY)
    network = PlainNetwork(8, width=4, classes=3, hidden=16, outputs=8)
    first = 2 * 9 * 3 * 4 * 32**2
    body = 2 * 9 * (2 * 4 * 4 * 32**2 + (4 + 8) * 8 * 16**2 + (8 + 16) * 16 * 8**2)
    heads = 2 * 16 * 3, 2 * (16 * 16 + 16 * 16 + 16 * 8)
    # The images need no gradient.
    step = 8 * (4 * (2 * first + 3 * body) + 3 * 2 * sum(heads))
    prototypes = 4 * 2 * (first + body + heads[1])
    assert epoch_flops(network, 8, engine) == 2 * step + prototypes


def test_kinds_of_work_have_their_share(images: RandomImages) -> None:
    engine = Engine(images, TINY)
    shares = time_by_kind(engine.run, engine.epoch)
    assert sum(shares.values()) == pytest.approx(1)
    assert set(shares) == set(KINDS)
    assert all(share > 0 for kind, share in shares.items() if kind != "idle")
    assert "through" not in vars(engine.run.network)


def test_memory_of_a_report_is_printed_for_both_ways(capfd: pytest.CaptureFixture[str]) -> None:
    report_memory.main(["--classes", "30", "--rows", "2"])
    pairs, dense = capfd.readouterr().out.splitlines()
    assert re.fullmatch(r"pairs, 2 rows of 30 classes: [0-9.]+ GB at most, [0-9.]+ GB .*", pairs)
    assert dense.startswith("dense, 1 rows of 30 classes: ")
