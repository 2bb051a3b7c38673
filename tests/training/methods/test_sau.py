import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sau.methods.options import SauOptions
from torch import Generator, Tensor

from sau import neighbours as search
from sau.core.errors import UserError
from sau.data.sets import TrainingData
from sau.losses.contrastive import synthetic_aware_loss
from sau.methods.base import Epoch, Task
from sau.methods.prototypes import embed_real, prototypes_of
from sau.methods.registry import METHODS
from sau.methods.sau import Sau
from sau.neighbours import Memory
from sau.networks import Network, NetworkConfig
from sau.views import Normalisation, ViewOptions
from tests.training.made import training_data
from tests.training.methods.test_methods import make_batch

VIEWS = ViewOptions(Normalisation((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)), cutout_size=2)
TASK = Task(
    torch.tensor([9, 4, 2]),
    feature_size=8,
    embedding_size=4,
    epochs=4,
    device=torch.device("cpu"),
)


@pytest.fixture
def network() -> Network:
    return Network(NetworkConfig("resnet8", 2, 3, 6, 4), seed=5)


@pytest.fixture
def data(pictures: Tensor) -> TrainingData:
    labels = torch.arange(len(pictures)) % 3
    return training_data(pictures, labels, torch.arange(24) < 6)


def contrastive_only(**options: Any) -> Sau:
    alone = {"mixup_weight": 0, "cutmix_weight": 0}
    method = METHODS["sau"](SauOptions.from_mapping(alone | options), TASK)
    assert isinstance(method, Sau)
    return method


@pytest.mark.parametrize("backend", ["torch", "faiss"])
@pytest.mark.parametrize("vote", ["majority", "unanimous", "similarity_weighted"])
def test_memory_holds_all_real_embeddings_of_the_epochs_start(
    backend: search.Backend, vote: Any, network: Network, data: TrainingData, generator: Generator
) -> None:
    method = contrastive_only(
        search_scope="memory", search_backend=backend, vote=vote, neighbours=3, prototypes="mean"
    )
    method.start_epoch(Epoch(1, network, data, VIEWS, 8, Generator().manual_seed(0)))
    embeddings, labels = embed_real(network, data, VIEWS, 8, Generator().manual_seed(0))
    assert len(labels) == 18

    batch = make_batch(generator)
    losses = method.loss(batch, None, network, np.random.default_rng(0))
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
        memory=Memory.of(embeddings, labels, "torch"),
    )
    torch.testing.assert_close(losses["contrastive"], contrast)
    plain = F.cross_entropy(network(batch.views["v1"]), batch.labels)
    torch.testing.assert_close(losses["total"], contrast + plain)
    method.after_step(network)
    assert method.tallies[:, 1].sum() == noise.sum()


def test_prototypes_are_normalised_unless_asked(network: Network, data: TrainingData) -> None:
    for kind, unit in (("normalised", True), ("mean", False)):
        method = contrastive_only(prototypes=kind)
        method.start_epoch(Epoch(1, network, data, VIEWS, 8, Generator().manual_seed(0)))
        lengths = method.prototypes.norm(dim=2)
        assert torch.allclose(lengths, torch.ones_like(lengths), atol=1e-5) == unit
        assert (lengths <= 1 + 1e-5).all()


def test_search_without_faiss_is_refused_before_training(
    data: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    contrastive_only(search_backend="torch", search_scope="memory").check(data)
    with pytest.raises(UserError, match="install faiss-gpu"):
        contrastive_only(search_backend="faiss", search_scope="memory").check(data)


PLACES = torch.tensor([0, 1, 7, 4, 9, 5]), torch.tensor([2, 3, 20, 5, 1, 6])
"""Of two batches' images in the data: real and synthetic ones."""


def weighted(data: TrainingData, **options: Any) -> tuple[Sau, TrainingData, Tensor]:
    """A method that weighs by score, its data, and the weights that each image has."""
    scores = torch.full((24,), torch.nan)
    scores[:6] = torch.tensor([0.3, 0.1, 0.2, 0.1, 0.4, 0.5])  # of the classes 0, 1, 2, 0, 1, 2
    method = METHODS["sau"](SauOptions.from_mapping({"weighting": "score"} | options), TASK)
    assert isinstance(method, Sau)
    data = dataclasses.replace(data, scores=scores)
    method.check(data)
    return method, data, torch.tensor([1.5, 0.5, 0.5, 0.5, 1.5, 1.5, *[1.0] * 18])


def test_scores_weigh_what_is_mixed(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    method, data, weights = weighted(data, contrastive_weight=0, cutmix_weight=0)
    first, second = (dataclasses.replace(make_batch(generator), index=i) for i in PLACES)
    found = method.loss(first, second, network, np.random.default_rng(0))["total"]

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
    method.start_epoch(Epoch(1, network, data, VIEWS, 8, Generator().manual_seed(0)))
    plain = contrastive_only()
    plain.start_epoch(Epoch(1, network, data, VIEWS, 8, Generator().manual_seed(0)))
    batch = dataclasses.replace(make_batch(generator), index=PLACES[0])
    found = method.loss(batch, None, network, np.random.default_rng(0))
    each = F.cross_entropy(network(batch.views["v1"]), batch.labels, reduction="none")
    torch.testing.assert_close(found["cross_entropy"], (weights[batch.index] * each).mean())
    other = plain.loss(batch, None, network, np.random.default_rng(0))
    torch.testing.assert_close(found["contrastive"], other["contrastive"])


def test_weighing_without_scores_is_refused(data: TrainingData) -> None:
    options = SauOptions.from_mapping({"weighting": "score"})
    with pytest.raises(UserError, match="6 of 6 synthetic images have none; set it to uniform"):
        METHODS["sau"](options, TASK).check(data)
