import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from sau.networks import Network
from sau.views.mixing import draw_box
from tests.methods.conftest import loss_of, make, make_batch


@pytest.mark.parametrize("label", ["area", "sampled"])
def test_loss_is_that_of_both_labels(label: str, network: Network, generator: Generator) -> None:
    method = make("cutmix", alpha=0.7, label=label, probability=1)
    batch = make_batch(generator)
    losses = loss_of(method, batch, network, seed=2)

    draws = np.random.default_rng(2)
    assert draws.random() < 1
    ratio, order = draws.beta(0.7, 0.7), draws.permutation(6)
    top, bottom, left, right = draw_box(8, 8, ratio, draws)
    images = batch.views["v1"].clone()
    for place in range(6):
        for row in range(top, bottom):
            for column in range(left, right):
                pixel = batch.views["v1"][order[place], :, row, column]
                images[place, :, row, column] = pixel
    area = 1 - (bottom - top) * (right - left) / 64
    assert 0 < area < 1
    assert area != pytest.approx(ratio)
    kept = area if label == "area" else ratio
    total = torch.zeros(())
    for place, scores in enumerate(network(images).log_softmax(dim=1)):
        first, second = batch.labels[place], batch.labels[order[place]]
        total = total - (kept * scores[first] + (1 - kept) * scores[second]) / 6
    assert set(losses) == {"total"}
    torch.testing.assert_close(losses["total"], total)


def test_share_of_the_batches_is_mixed(network: Network, generator: Generator) -> None:
    method, batch = make("cutmix", probability=0.3), make_batch(generator)
    plain = F.cross_entropy(network(batch.views["v1"]), batch.labels)
    draws = [np.random.default_rng(seed).random() < 0.3 for seed in range(12)]
    assert 0 < sum(draws) < 12
    for seed, mixed in enumerate(draws):
        total = loss_of(method, batch, network, seed=seed)["total"]
        assert torch.isclose(total, plain) != mixed
