"""Real and synthetic rows are each normalised by their own moments."""

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from sau.core.errors import ArgumentError
from sau.networks.domain_batch_norm import DomainBatchNorm, rows_of, separate

SYNTHETIC = torch.tensor([True, False, False, True, True, False, True])


def values(generator: Generator, *shape: int) -> Tensor:
    made = torch.randn(len(SYNTHETIC), *shape, generator=generator)
    return (made + 3 * SYNTHETIC.view(-1, *[1] * len(shape))).requires_grad_()


@pytest.mark.parametrize(("kind", "shape"), [(nn.BatchNorm1d, (3,)), (nn.BatchNorm2d, (3, 2, 2))])
def test_each_kind_is_normalised_as_a_batch_of_its_own(
    kind: type[nn.BatchNorm1d | nn.BatchNorm2d], shape: tuple[int, ...], generator: Generator
) -> None:
    network, plain = nn.Sequential(kind(3)), kind(3)
    layers = separate(network)
    assert list(network.state_dict()) == [f"0.{name}" for name in plain.state_dict()]
    rows = values(generator, *shape)
    with rows_of(layers, SYNTHETIC):
        found = network(rows)
    assert torch.equal(found[~SYNTHETIC], plain(rows[~SYNTHETIC]))
    assert torch.equal(found[SYNTHETIC], kind(3)(rows[SYNTHETIC]))
    for name, value in plain.named_buffers():
        assert torch.equal(layers[0].get_buffer(name), value), "those of the real rows"

    (gradient,) = torch.autograd.grad((found * rows.detach().sin()).sum(), rows)
    wanted = torch.zeros_like(rows)
    for part in (SYNTHETIC, ~SYNTHETIC):
        some = rows.detach()[part].requires_grad_()
        loss = (F.batch_norm(some, None, None, training=True) * some.detach().sin()).sum()
        wanted[part] = torch.autograd.grad(loss, some)[0]
    torch.testing.assert_close(gradient, wanted)


class NormAndActivation(nn.BatchNorm2d):
    """As timm has it."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        return super().forward(input).relu()


def test_layer_that_does_more_than_normalise_is_refused() -> None:
    with pytest.raises(ArgumentError, match="a NormAndActivation, which may do more than"):
        separate(nn.Sequential(nn.Conv2d(3, 3, 1), NormAndActivation(3)))


def test_without_a_word_or_in_a_test_it_is_the_plain_layer(generator: Generator) -> None:
    network, plain = nn.Sequential(nn.BatchNorm2d(3)), nn.BatchNorm2d(3)
    layers = separate(network)
    rows = values(generator, 3, 2, 2)
    with rows_of(layers, SYNTHETIC):
        pass
    assert torch.equal(network(rows), plain(rows))
    network.eval()
    with rows_of(layers, SYNTHETIC):
        assert torch.equal(network(rows), plain.eval()(rows))


@pytest.mark.parametrize("synthetic", [0, 1, 6, 7])
def test_row_without_others_is_normalised_by_the_running_statistics(
    synthetic: int, generator: Generator
) -> None:
    network, plain = nn.Sequential(nn.BatchNorm1d(3)), nn.BatchNorm1d(3).eval()
    rows = values(generator, 3)
    is_synthetic = torch.arange(7) < synthetic
    with rows_of(separate(network), is_synthetic):
        found = network(rows)
    assert found.isfinite().all()
    if synthetic == 1:
        torch.testing.assert_close(found[0], plain(rows)[0])
    if synthetic == 6:
        torch.testing.assert_close(found[6], plain(rows)[6])
        assert layer_of(network).num_batches_tracked == 0


def layer_of(network: nn.Sequential) -> DomainBatchNorm:
    (layer,) = separate(network)
    return layer
