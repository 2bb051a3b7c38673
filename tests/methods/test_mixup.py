import numpy as np
import torch
from torch import Generator

from sau.networks import Network
from sau.views.mixing import draw_partners
from tests.methods.conftest import loss_of, make, make_batch


def test_loss_is_that_of_both_labels(network: Network, generator: Generator) -> None:
    """Zhang et al., algorithm 1: one ratio and one order for the batch, image by image."""
    method, batch = make("mixup", alpha=0.4), make_batch(generator)
    losses = loss_of(method, batch, network, seed=3)

    draws = np.random.default_rng(3)
    ratio, order = draws.beta(0.4, 0.4), draws.permutation(6)
    images = batch.views["v1"]
    mixed = [ratio * images[n] + (1 - ratio) * images[order[n]] for n in range(6)]
    logits = network(torch.stack(mixed)).log_softmax(dim=1)
    total = torch.zeros(())
    for place, scores in enumerate(logits):
        first, second = batch.labels[place], batch.labels[order[place]]
        total = total - (ratio * scores[first] + (1 - ratio) * scores[second]) / 6
    assert set(losses) == {"total"}
    torch.testing.assert_close(losses["total"], total)


def test_batch_stays_as_it_is(network: Network, generator: Generator) -> None:
    batch = make_batch(generator)
    before = batch.views["v1"].clone()
    loss_of(make("mixup"), batch, network)
    assert torch.equal(batch.views["v1"], before)


def test_partners_are_an_order_of_the_batch() -> None:
    draws = np.random.default_rng(0)
    orders = [draw_partners(6, draws, torch.device("cpu")) for _ in range(3)]
    assert all(sorted(order.tolist()) == list(range(6)) for order in orders)
    assert len({tuple(order.tolist()) for order in orders}) == 3
    assert orders[0].dtype == torch.int64
