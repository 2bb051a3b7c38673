import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from sau.data.sets import TrainingData
from sau.losses.classification import soft_cross_entropy
from sau.losses.contrastive import synthetic_aware_loss
from sau.methods import create_method
from sau.methods.base import OptionError
from sau.networks import Network
from sau.views.mixing import cutmix, mix_labels, mixup
from tests.methods.conftest import context_of, loss_of, make, make_batch, start


def test_cross_entropy(network: Network, generator: Generator) -> None:
    batch, method = make_batch(generator), make("cross_entropy")
    losses = loss_of(method, batch, network)
    network.train()
    expected = F.cross_entropy(network(batch.views["v1"]), batch.labels)
    torch.testing.assert_close(losses["total"], expected)
    assert method.end_epoch() is None


@pytest.mark.parametrize("cutmix_label", ["sampled", "area"])
def test_sau_is_the_weighted_sum_of_four_passes(
    cutmix_label: str, network: Network, data: TrainingData, generator: Generator
) -> None:
    method = make(
        "sau", cutmix_label=cutmix_label, mixup_weight=2, cutmix_weight=3, contrastive_weight=5
    )
    first, second = make_batch(generator), make_batch(generator)
    start(method, network, data)
    losses = loss_of(method, first, network, second=second)

    draws = np.random.default_rng(0)
    ratio = draws.beta(1, 1)
    mixed = mixup(first.views["v1"], second.views["v1"], ratio)
    targets = mix_labels(first.labels, second.labels, ratio, 3)
    by_mixup = soft_cross_entropy(network(mixed), targets)
    ratio = draws.beta(1, 1)
    mixed, kept = cutmix(first.views["v1"], second.views["v1"], ratio, draws)
    targets = mix_labels(
        first.labels, second.labels, ratio if cutmix_label == "sampled" else kept, 3
    )
    by_cutmix = soft_cross_entropy(network(mixed), targets)
    views = [network.embeddings(first.views[name]) for name in ("v2", "v3")]
    contrast, noise = synthetic_aware_loss(
        torch.stack(views, dim=1),
        first.labels,
        first.is_synthetic,
        method.prototypes,
        temperature=0.1,
        noise_strategy="pos_neg",
        neighbours=1,
    )
    expected = 2 * by_mixup + 3 * by_cutmix + 5 * contrast
    torch.testing.assert_close(losses["total"], expected)
    for name, value in (("mixup", by_mixup), ("cutmix", by_cutmix), ("contrastive", contrast)):
        torch.testing.assert_close(losses[name], value)
    assert method.end_epoch().sum() == 0
    method.after_step(network)
    tallies = method.end_epoch()
    assert tallies[:, 0].tolist() == [0, 2, 1]
    assert tallies[:, 1].tolist() == [int(noise[first.labels == c].sum()) for c in range(3)]


@pytest.mark.parametrize(
    ("weights", "parts", "views", "second"),
    [
        ((1, 1, 1), {"mixup", "cutmix", "contrastive"}, 3, 1),
        ((1, 0, 0), {"mixup"}, 1, 1),
        ((0, 0, 1), {"cross_entropy", "contrastive"}, 3, 0),
        ((0, 0, 0), {"cross_entropy"}, 1, 0),
    ],
)
def test_parts_without_weight_are_not_computed(
    weights: tuple[float, ...],
    parts: set[str],
    views: int,
    second: int,
    network: Network,
    data: TrainingData,
    generator: Generator,
) -> None:
    names = ("mixup_weight", "cutmix_weight", "contrastive_weight")
    method = make("sau", **dict(zip(names, weights, strict=True)))
    assert (len(method.views), len(method.second_views)) == (views, second)
    assert method.needs_projection == (weights[2] > 0)
    start(method, network, data)
    batch, other = make_batch(generator), make_batch(generator) if second else None
    losses = loss_of(method, batch, network, other)
    assert set(losses) == parts | {"total"}
    assert (method.end_epoch() is None) == (weights[2] == 0)


def test_class_without_a_real_image_is_refused(data: TrainingData) -> None:
    data = dataclasses.replace(data, is_synthetic=data.labels == 1)
    with pytest.raises(OptionError, match="^contrastive_weight: 1 needs .* class 1 has none"):
        create_method("sau", context_of(data))
    create_method("sau", context_of(data), {"contrastive_weight": 0})
    create_method("cross_entropy", context_of(data))
