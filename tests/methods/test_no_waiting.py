"""No step of a contrastive method waits for the device, nor loops over samples or classes."""

from typing import Any

import pytest
import torch
from torch import Generator
from torch.utils._python_dispatch import TorchDispatchMode

from sau.data.sets import TrainingData
from sau.networks import Network
from tests.methods.conftest import loss_of, make, make_batch, start

WAITING = {
    *("_local_scalar_dense", "item", "nonzero", "masked_select", "is_nonzero", "equal"),
    *("unique", "_unique2", "unique_dim", "bincount", "repeat_interleave"),
}


class Recorder(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.operations: list[str] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.operations.append(function.overloadpacket.__name__)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", ["bcl", "hybrid_sc", "paco", "proco"])
def test_step_does_not_wait_for_the_device(
    name: str, network: Network, data: TrainingData, generator: Generator
) -> None:
    method = make(name)
    method.attach(network)
    start(method, network, data)
    first = make_batch(generator, method.views)
    second = make_batch(generator, method.second_views) if method.second_views else None
    with Recorder() as recorder:
        losses = loss_of(method, first, network, second=second)
        torch.autograd.backward(losses["total"])
        method.after_step(network)
    assert not WAITING & set(recorder.operations)
    assert "convolution" in recorder.operations
