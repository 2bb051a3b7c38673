import pytest
import torch
from torch import Generator, Tensor, nn

from sau.device.ranks import Ranks
from sau.device.share import Share, SharesRows, sharing
from tests.training.ranks.pair import Pair, both


@pytest.mark.parametrize(("rows", "processes"), [(8, 2), (7, 2), (10, 4), (11, 4), (6, 3)])
def test_rows_belong_to_one_process_each(rows: int, processes: int) -> None:
    shares = [ranks.share(rows) for ranks in both(processes)]
    owned = [list(range(rows))[share.own] for share in shares if share is not None]
    assert sorted(row for own in owned for row in own) == list(range(rows))
    sizes = [len(own) for own in owned]
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= 2
    first = shares[0]
    assert first is not None
    assert sizes == [first.own_rows(rank) for rank in range(processes)]


@pytest.mark.parametrize(("rows", "processes"), [(3, 2), (7, 4), (1, 2), (100, 1)])
def test_rows_are_not_shared_where_few_nor_by_one_process(rows: int, processes: int) -> None:
    assert [ranks.share(rows) for ranks in both(processes)] == [None] * processes


def values(rows: int, views: int) -> Tensor:
    """Return numbers that all differ, (views * rows, 2, 3)."""
    return torch.arange(views * rows * 6, dtype=torch.float32).view(-1, 2, 3)


def there_and_back(ranks: Ranks, rows: int, views: int) -> tuple[Tensor, Tensor]:
    share = ranks.share(rows)
    assert share is not None
    own = share.take(values(rows, views))
    return own, share.gather(own)


@pytest.mark.parametrize("views", [1, 3])
@pytest.mark.parametrize("rows", [4, 6, 7])
def test_gathered_rows_are_in_their_order(rows: int, views: int, pair: Pair) -> None:
    whole = values(rows, views)
    for rank, (own, gathered) in enumerate(pair.in_group(there_and_back, rows, views)):
        assert torch.equal(gathered, whole)
        expected = [
            whole[view * rows + row] for view in range(views) for row in range(rows)[rank::2]
        ]
        assert torch.equal(own, torch.stack(expected))


def loss_of_layers(ranks: Ranks | None, rows: int, views: int) -> dict[str, Tensor]:
    """Return loss and gradients of a model split twice, with layers on own rows and on all."""
    share = ranks.share(rows) if ranks else None
    generator = Generator().manual_seed(0)
    weights = [nn.Parameter(torch.randn(4, 4, generator=generator)) for _ in range(4)]
    inputs = torch.randn(views * rows, 4, generator=generator)
    own = share.take(inputs) if share else inputs
    first = (own @ weights[0]).tanh()
    first = share.gather(first) if share else first
    # All rows depend on all rows here.
    mixed = (first @ first.T).softmax(dim=1) @ first @ weights[1]
    second = ((share.take(mixed) if share else mixed) @ weights[2]).tanh()
    second = share.gather(second) if share else second
    loss = (second @ weights[3] + first @ weights[2]).square().mean() * first.std()
    torch.autograd.backward(loss)
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    if share:
        # What DistributedDataParallel does.
        gradients = [share.sum(gradient) / share.ranks for gradient in gradients]
    return {"loss": loss.detach()} | {str(n): g for n, g in enumerate(gradients)}


@pytest.mark.parametrize(("rows", "views"), [(6, 1), (7, 1), (5, 2)])
def test_mean_gradient_is_that_of_one_process(rows: int, views: int, pair: Pair) -> None:
    """Of weights on own rows, on all rows, and on both."""
    expected = loss_of_layers(None, rows, views)
    assert len(expected) == 5
    for found in pair.in_group(loss_of_layers, rows, views):
        torch.testing.assert_close(found, expected)


class Sharer(SharesRows, nn.Module):
    pass


def test_share_is_set_for_the_time_of_a_batch() -> None:
    modules, share = [Sharer(), nn.Linear(1, 1)], Share(0, 2, 4)
    with pytest.raises(KeyError), sharing(modules, share):
        assert modules[0].share is share
        raise KeyError
    assert modules[0].share is None
    assert not hasattr(modules[1], "share")
