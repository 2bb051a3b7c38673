import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from sau.data.sets import TrainingData
from sau.engine.epoch_start import real_batches
from sau.losses.contrastive import synthetic_aware_loss
from sau.methods import create_method
from sau.methods.base import OptionError
from sau.methods.prototypes import PROTOTYPE_VIEWS, embed_all, prototypes_of
from sau.methods.sau import Sau
from sau.neighbours.backends import Backend
from sau.neighbours.bank import EmbeddingBank
from sau.networks import Network, NetworkConfig
from sau.networks.domain_batch_norm import rows_of, separate
from tests.methods.conftest import (
    VIEWS,
    context,
    context_of,
    loss_of,
    make_batch,
    start,
)


def contrastive_only(**options: Any) -> Sau:
    alone = {"mixup_weight": 0, "cutmix_weight": 0}
    method = create_method("sau", context(), alone | options)
    assert isinstance(method, Sau)
    return method


@pytest.mark.parametrize("backend", ["torch", "faiss"])
@pytest.mark.parametrize("vote", ["majority", "unanimous", "similarity_weighted"])
def test_memory_holds_all_real_embeddings_of_the_epochs_start(
    backend: Backend, vote: Any, network: Network, data: TrainingData, generator: Generator
) -> None:
    method = contrastive_only(
        search_scope="memory", search_backend=backend, vote=vote, neighbours=3, prototypes="mean"
    )
    start(method, network, data)
    images = real_batches(data, PROTOTYPE_VIEWS, VIEWS, 8, Generator().manual_seed(0))
    embeddings, labels = embed_all(network, images)
    assert len(labels) == 18

    batch = make_batch(generator)
    losses = loss_of(method, batch, network)
    seen = [network.embeddings(batch.views[name]) for name in ("v2", "v3")]
    contrast, noise = synthetic_aware_loss(
        torch.stack(seen, dim=1),
        batch.labels,
        batch.is_synthetic,
        prototypes_of(embeddings, labels, 3, normalise=False),
        temperature=0.1,
        noise_strategy="pos_neg",
        neighbours=3,
        vote=vote,
        bank=EmbeddingBank.of(embeddings, labels, "torch"),
    )
    torch.testing.assert_close(losses["contrastive"], contrast)
    plain = F.cross_entropy(network(batch.views["v1"]), batch.labels)
    torch.testing.assert_close(losses["total"], contrast + plain)
    method.after_step(network)
    assert method.tallies[:, 1].sum() == noise.sum()


def test_prototypes_are_normalised_unless_asked(network: Network, data: TrainingData) -> None:
    for kind, unit in (("normalised", True), ("mean", False)):
        method = contrastive_only(prototypes=kind)
        start(method, network, data)
        lengths = method.prototypes.norm(dim=2)
        assert torch.allclose(lengths, torch.ones_like(lengths), atol=1e-5) == unit
        assert (lengths <= 1 + 1e-5).all()


def test_search_without_faiss_is_refused_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    contrastive_only(search_backend="torch", search_scope="memory")
    with pytest.raises(OptionError, match="^search_backend: faiss, .*install faiss-gpu"):
        contrastive_only(search_backend="faiss", search_scope="memory")


def test_batch_norm_apart_normalises_each_kind_by_itself_in_all_passes(
    data: TrainingData, generator: Generator
) -> None:
    """Rows of one kind have the scores that they have without the other kind."""
    batch, second = make_batch(generator), make_batch(generator)
    losses = {}
    for choice in ("joint", "apart"):
        network = Network(NetworkConfig("resnet8", 2, 3, projection_hidden=4, projection_size=4))
        method = create_method("sau", context_of(data), {"batch_norm": choice})
        method.attach(network)
        start(method, network, data)
        losses[choice] = loss_of(method, batch, network, second)
        assert {layer.kinds for layer in separate(network)} == {None}
    for part in ("mixup", "cutmix", "contrastive"):
        assert (losses["apart"][part] - losses["joint"][part]).abs() > 1e-4, part

    network = Network(NetworkConfig("resnet8", 2, 3))
    made = batch.is_synthetic
    alone = network.logits(batch.views["v1"][made])
    with rows_of(separate(network), made):
        torch.testing.assert_close(network.logits(batch.views["v1"])[made], alone)


def test_batch_norm_apart_needs_one(data: TrainingData) -> None:
    method = create_method("sau", context_of(data), {"batch_norm": "apart"})
    with pytest.raises(OptionError, match="^batch_norm: apart, but the network has no BatchNorm"):
        method.attach(Network.around(nn.Flatten(), feature_size=192, classes=3))


PLACES = torch.tensor([0, 1, 7, 4, 9, 5]), torch.tensor([2, 3, 20, 5, 1, 6])
"""Of two batches' images in the data: real and synthetic ones."""


def weighted(data: TrainingData, **options: Any) -> tuple[Sau, TrainingData, Tensor]:
    """A method that weighs by score, its data, and the weights that each image has."""
    scores = torch.full((24,), torch.nan)
    scores[:6] = torch.tensor([0.3, 0.1, 0.2, 0.1, 0.4, 0.5])  # of the classes 0, 1, 2, 0, 1, 2
    data = dataclasses.replace(data, scores=scores)
    method = create_method("sau", context_of(data), {"weighting": "score"} | options)
    assert isinstance(method, Sau)
    return method, data, torch.tensor([1.5, 0.5, 0.5, 0.5, 1.5, 1.5, *[1.0] * 18])


def test_scores_weigh_what_is_mixed(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    method, data, weights = weighted(data, contrastive_weight=0, cutmix_weight=0)
    first, second = (dataclasses.replace(make_batch(generator), index=i) for i in PLACES)
    found = loss_of(method, first, network, second=second)["total"]

    ratio = np.random.default_rng(0).beta(1, 1)
    logits = network(ratio * first.views["v1"] + (1 - ratio) * second.views["v1"])
    parts = [
        share * weights[batch.index] * F.cross_entropy(logits, batch.labels, reduction="none")
        for share, batch in ((ratio, first), (1 - ratio, second))
    ]
    torch.testing.assert_close(found, (parts[0] + parts[1]).mean())


def test_scores_weigh_plain_cross_entropy_but_not_the_contrastive_loss(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    method, data, weights = weighted(data, mixup_weight=0, cutmix_weight=0)
    start(method, network, data)
    plain = contrastive_only()
    start(plain, network, data)
    batch = dataclasses.replace(make_batch(generator), index=PLACES[0])
    found = loss_of(method, batch, network)
    each = F.cross_entropy(network(batch.views["v1"]), batch.labels, reduction="none")
    torch.testing.assert_close(found["cross_entropy"], (weights[batch.index] * each).mean())
    other = loss_of(plain, batch, network)
    torch.testing.assert_close(found["contrastive"], other["contrastive"])


def test_weighing_without_scores_is_refused(data: TrainingData) -> None:
    message = "^weighting: score, but 6 of 6 synthetic images have none; set it to uniform"
    for scores in (data.scores, None):
        without = dataclasses.replace(context_of(data), scores=scores)
        with pytest.raises(OptionError, match=message):
            create_method("sau", without, {"weighting": "score"})
