from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from sau.device.ranks import Ranks
from sau.device.share import sharing
from sau.networks import Network, NetworkConfig
from sau.networks.adopted_norm import adopt
from sau.networks.batch_norm import SyncBatchNorm, average_statistics, synchronise
from tests.training.ranks.pair import Pair

CHANNELS = 5


def make_layer(flat: bool, momentum: float | None) -> nn.BatchNorm1d | nn.BatchNorm2d:
    """Return a layer with weights and statistics unlike those of a new one."""
    layer = (nn.BatchNorm1d if flat else nn.BatchNorm2d)(CHANNELS, momentum=momentum)
    generator = Generator().manual_seed(1)
    with torch.no_grad():
        for value in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
            assert value is not None
            value.copy_(torch.rand(CHANNELS, generator=generator) + 0.5)
    return layer


def make_values(rows: int, views: int, flat: bool) -> Tensor:
    """Return rows around a large mean that drifts, so that no two processes have the same."""
    generator = Generator().manual_seed(2)
    values = torch.randn(views * rows, CHANNELS, 3, 2, generator=generator)
    values += 30 + torch.arange(views * rows).view(-1, 1, 1, 1) % rows
    return values[:, :, 0, 0] if flat else values.contiguous(memory_format=torch.channels_last)


def pass_through(
    ranks: Ranks | None, rows: int, views: int, flat: bool, momentum: float | None, dtype: Any
) -> dict[str, Tensor]:
    """Return output and gradients of all rows, and the layer's state, after two batches."""
    share = ranks.share(rows) if ranks else None
    layer: nn.Module = make_layer(flat, momentum)
    if share:
        layer = nn.Sequential(layer)
        synchronise(layer)
        (layer,) = layer
        assert isinstance(layer, SyncBatchNorm)
    whole = make_values(rows, views, flat).to(dtype)
    inputs = (share.take(whole) if share else whole).requires_grad_()
    slopes = torch.linspace(-1, 2, whole.numel()).view(whole.shape)
    with sharing([layer], share):
        layer(inputs.detach() * 2)
        output = layer(inputs)
    own_slopes = share.take(slopes) if share else slopes
    torch.autograd.backward((output * own_slopes).square().sum())
    found = {name: value.grad.clone() for name, value in layer.named_parameters()}
    found |= {name: value.clone() for name, value in layer.named_buffers()}
    by_row = {"output": output.detach(), "slope": inputs.grad}
    if share:
        by_row = {name: share.gather(value) for name, value in by_row.items()}
        for name in ("weight", "bias"):
            share.sum(found[name])
    layer.eval()
    return found | by_row | {"tested": layer(whole).detach()}


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("momentum", [0.3, None])
@pytest.mark.parametrize(("rows", "views"), [(6, 1), (7, 1), (5, 2)])
def test_shared_rows_give_what_all_rows_give_batchnorm(
    rows: int, views: int, momentum: float | None, flat: bool, pair: Pair
) -> None:
    """Output, gradients of inputs and weights, running statistics and their count."""
    arguments = rows, views, flat, momentum, torch.float32
    expected = pass_through(None, *arguments)
    assert expected["num_batches_tracked"] == 2
    for found in pair.in_group(pass_through, *arguments):
        assert set(found) == set(expected)
        torch.testing.assert_close(found, expected, rtol=2e-4, atol=2e-4)


def test_bfloat16_stays_bfloat16(pair: Pair) -> None:
    arguments = 6, 1, False, 0.3, torch.bfloat16
    expected = pass_through(None, *arguments)
    for found in pair.in_group(pass_through, *arguments):
        assert found["output"].dtype == found["slope"].dtype == torch.bfloat16
        assert found["running_mean"].dtype == torch.float32
        torch.testing.assert_close(found["output"], expected["output"], rtol=0.02, atol=0.02)


def test_network_keeps_its_values_and_their_names() -> None:
    network = Network(NetworkConfig("resnet8", 2, 3, 6, 4), seed=1)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    parameters = list(network.parameters())
    synchronise(network)
    layers = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm1d)]
    assert not layers
    assert sum(isinstance(layer, SyncBatchNorm) for layer in network.modules()) == 7 + 2
    assert all(a is b for a, b in zip(parameters, network.parameters(), strict=True))
    after = network.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_batch_norm_of_one_process_is_the_plain_one() -> None:
    layer = make_layer(False, 0.3)
    other = adopt(SyncBatchNorm, make_layer(False, 0.3))
    values = make_values(6, 1, False)
    assert torch.equal(other(values), layer(values))
    for name, value in layer.named_buffers():
        assert torch.equal(other.get_buffer(name), value)


def averaged(ranks: Ranks) -> list[Tensor]:
    """Return statistics of a layer in train mode, one in eval mode, and one that shares rows."""
    layers = [make_layer(True, 0.3), make_layer(True, 0.3), make_layer(True, 0.3)]
    modules = [layers[0], nn.Sequential(layers[1]).eval(), adopt(SyncBatchNorm, layers[2])]
    for layer in layers:
        assert layer.running_mean is not None
        assert layer.running_var is not None
        layer.running_mean += ranks.rank
        layer.running_var *= 1 + ranks.rank
    average_statistics(*modules)
    return [torch.stack([layer.running_mean, layer.running_var]) for layer in layers]


def test_averaging_is_of_layers_that_learn_alone(pair: Pair) -> None:
    start = make_layer(True, 0.3)
    mean, variance = start.running_mean, start.running_var
    for rank, (learning, still, shared) in enumerate(pair.in_group(averaged)):
        torch.testing.assert_close(learning, torch.stack([mean + 0.5, variance * 1.5]))
        for untouched in (still, shared):
            torch.testing.assert_close(untouched, torch.stack([mean + rank, variance * (1 + rank)]))
