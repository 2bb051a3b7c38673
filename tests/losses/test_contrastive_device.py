import weakref
from typing import Any

import pytest
import torch
from torch import Generator, Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from sau.losses.contrastive import NoiseStrategy
from tests.losses.contrastive_cases import Case, draw, every_strategy


class Recorder(TorchDispatchMode):
    """Counts operations, and the bytes of large tensors that are alive at once."""

    def __init__(self, large: int = 0) -> None:
        super().__init__()
        self.large = large
        self.operations: list[str] = []
        self.alive: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        self.operations.append(function.overloadpacket.__name__)
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                storage = tensor.untyped_storage()
                if storage.nbytes() > self.large and storage._cdata not in self.alive:
                    self.alive[storage._cdata] = storage.nbytes()
                    weakref.finalize(storage, self.alive.pop, storage._cdata)
        self.peak = max(self.peak, sum(self.alive.values()))
        return result


# Each waits for the device, or has an output whose shape depends on values.
WAITING = "_local_scalar_dense item nonzero nonzero_numpy masked_select is_nonzero bincount equal"
WAITING_TOO = "unique _unique _unique2 unique_dim unique_consecutive repeat_interleave"


@every_strategy
@pytest.mark.parametrize("vote", ["majority", "unanimous", "similarity_weighted"])
def test_contrastive_loss_neither_waits_for_the_device_nor_loops_over_samples(
    strategy: NoiseStrategy, vote: str, generator: Generator
) -> None:
    counts = []
    for count, classes in [(6, 3), (40, 11)]:
        case = draw(generator, count, classes, 0.5, 0.5)
        case.features.requires_grad_()
        with Recorder() as recorder:
            loss, _ = case.loss(strategy, vote=vote, neighbours=3)
            torch.autograd.backward(loss)
        counts.append(len(recorder.operations))
        assert not set(recorder.operations) & {*WAITING.split(), *WAITING_TOO.split()}
    assert counts[0] == counts[1]


@every_strategy
def test_loss_runs_on_tensors_without_values(strategy: NoiseStrategy, generator: Generator) -> None:
    case = draw(generator, 6, 3, 0.5, 0.5)
    mode = FakeTensorMode()
    fields = {name: mode.from_tensor(value) for name, value in vars(case).items()}
    with mode:
        loss, noise = Case(**fields).loss(strategy, neighbours=2)
        with pytest.raises(torch._subclasses.fake_tensor.DataDependentOutputException):
            loss.item()
    assert loss.shape == ()
    assert noise.shape == (6,)


@every_strategy
def test_memory_is_of_the_order_of_one_similarity_matrix(
    strategy: NoiseStrategy, generator: Generator
) -> None:
    case = draw(generator, 192, 8, 0.5, 0.5)
    case.features.requires_grad_()
    vectors = 2 * (192 + 8)
    matrix = 4 * vectors**2
    saved: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    def unpack(tensor: Tensor) -> Tensor:
        return tensor

    with Recorder(large=matrix // 2) as recorder:
        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            loss, _ = case.loss(strategy)
        assert recorder.peak == matrix
        torch.autograd.backward(loss)
    assert matrix <= sum(saved.values()) < 1.1 * matrix + 10 * 4 * vectors * 5
    assert recorder.peak <= 4 * matrix
