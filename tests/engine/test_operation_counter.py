from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from sau.engine.operation_counter import OperationCounter


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, images: Tensor) -> Tensor:
        tokens = images.flatten(2).mT.repeat(1, 1, 4)[..., :8]
        attended: Tensor = self.layer(tokens, tokens, tokens, need_weights=False)[0]
        return attended


NETWORKS: dict[str, Any] = {
    "convolutions": lambda: nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 6, 3, stride=2, groups=2), nn.BatchNorm2d(6)
    ),
    "transposed": lambda: nn.ConvTranspose2d(3, 2, 3, stride=2),
    "matrices": lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 5, bias=False)),
    "attention": Attention,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_counter_finds_what_pytorchs_own_finds(name: str, generator: Generator) -> None:
    network = NETWORKS[name]()
    images = torch.rand(2, 3, 8, 8, generator=generator, requires_grad=True)
    with FlopCounterMode(display=False) as slow:
        network(images).square().sum().backward()
    with OperationCounter() as counter:
        network(images).square().sum().backward()
    assert counter.total == slow.get_total_flops() > 0


def test_counter_takes_apart_what_has_no_formula() -> None:
    """Without gradients a layer is one operation, which has none."""
    layer, rows = nn.Linear(5, 7), torch.ones(4, 3, 5)
    with torch.inference_mode(), OperationCounter() as counter:
        layer(rows)
    assert counter.total == 2 * 4 * 3 * 5 * 7


def test_counter_goes_on_where_it_is_used_again() -> None:
    counter = OperationCounter()
    for _ in range(2):
        with counter:
            torch.ones(2, 3) @ torch.ones(3, 4)
    assert counter.total == 2 * 2 * 2 * 3 * 4
