"""SAU's other rules of label correction, each against the functions that it is made of."""

import dataclasses
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.core.errors import ArgumentError
from sau.data.batches import Batch
from sau.data.sets import TrainingData
from sau.engine.epoch_start import all_batches, real_batches
from sau.losses.class_similarities import class_similarities, standardised
from sau.losses.contrastive import contrastive_loss
from sau.losses.label_correction import find_noise
from sau.losses.noise_margins import classification_margins, lowest_in_class, trust_of
from sau.losses.soft_contrastive import trusting_contrastive_loss
from sau.methods import create_method
from sau.methods.base import OptionError
from sau.methods.prototypes import PROTOTYPE_VIEWS, embed_all, filled_prototypes
from sau.methods.sau import Sau
from sau.networks import Network
from tests.methods.conftest import VIEWS, context_of, loss_of, make_batch, start

SIMILAR = {"label_correction": "similarity"}


def method_of(data: TrainingData, **options: Any) -> Sau:
    alone = {"mixup_weight": 0, "cutmix_weight": 0}
    method = create_method("sau", context_of(data), alone | options)
    assert isinstance(method, Sau)
    return method


def batch_of(generator: Generator, places: list[int]) -> Batch:
    return dataclasses.replace(make_batch(generator), index=torch.tensor(places))


PLACES = [0, 1, 7, 4, 9, 5]
"""Of the batch's images in the data, where it does not matter whether they are the same."""


def embedded(network: Network, batch: Batch) -> Tensor:
    network.train()
    return torch.stack([network.embeddings(batch.views[name]) for name in PROTOTYPE_VIEWS], dim=1)


def judged(method: Sau, network: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the contrastive loss, and the batch's counts."""
    loss = loss_of(method, batch, network)["contrastive"]
    return loss, method.found


def begun(
    network: Network, data: TrainingData, generator: Generator, **options: Any
) -> tuple[Sau, Batch]:
    """Return a method at the start of its first epoch, and a batch for it."""
    method = method_of(data, **options)
    start(method, network, data)
    return method, batch_of(generator, PLACES)


def counts_of(batch: Batch, noise: Tensor) -> list[int]:
    return [int((batch.is_synthetic & noise & (batch.labels == c)).sum()) for c in range(3)]


def test_off_calls_nothing_noise_and_reports_none(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    method, batch = begun(network, data, generator, label_correction="off")
    loss, _ = judged(method, network, batch)
    none = torch.zeros_like(batch.is_synthetic)
    expected = contrastive_loss(embedded(network, batch), batch.labels, none, method.prototypes)
    torch.testing.assert_close(loss, expected)
    assert method.end_epoch() is None


def test_labels_are_corrected_from_an_epoch_on(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    batch = batch_of(generator, PLACES)
    late, off = method_of(data, correct_from=3), method_of(data, label_correction="off")
    paper = method_of(data)
    for number, other in ((2, off), (3, paper)):
        for method in (late, other):
            start(method, network, data, number)
        torch.testing.assert_close(judged(late, network, batch), judged(other, network, batch))
        assert (late.end_epoch() is None) == (number == 2)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"nearest_per_class": 2, "frequency_tau": 0.5},
        {"standardise": "per_class", "nearest_per_class": 2},
        {"search_scope": "prototypes"},
        {"search_scope": "memory", "nearest_per_class": 3},
    ],
)
def test_similarity_equals_its_parts(
    options: dict[str, Any], network: Network, data: TrainingData, generator: Generator
) -> None:
    method, batch = begun(network, data, generator, **SIMILAR, **options)
    loss, found = judged(method, network, batch)
    features, prototypes = embedded(network, batch), method.prototypes
    among = torch.cat([features, prototypes])
    labels, barred = torch.cat([batch.labels, torch.arange(3)]), F.pad(batch.is_synthetic, (0, 3))
    if options.get("search_scope") == "prototypes":
        among, labels, barred = prototypes, torch.arange(3), torch.zeros(3, dtype=torch.bool)
    if options.get("search_scope") == "memory":
        images = real_batches(data, PROTOTYPE_VIEWS, VIEWS, 8, Generator().manual_seed(0))
        among, labels = embed_all(network, images)
        barred = torch.zeros_like(labels, dtype=torch.bool)
    similar = class_similarities(
        features,
        among,
        labels,
        barred,
        3,
        nearest=options.get("nearest_per_class", 1),
        tau=options.get("frequency_tau", 0.0),
    )
    if "standardise" in options:
        similar = standardised(similar, batch.is_synthetic)
    noise = batch.is_synthetic & (classification_margins(similar, batch.labels) < 0)
    assert found[:, 1].tolist() == counts_of(batch, noise)
    torch.testing.assert_close(loss, contrastive_loss(features, batch.labels, noise, prototypes))


def test_vote_among_prototypes_alone(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    method, batch = begun(network, data, generator, search_scope="prototypes")
    _, found = judged(method, network, batch)
    everyone = torch.ones_like(batch.is_synthetic)
    features = embedded(network, batch)
    noise = find_noise(features, batch.labels, everyone, method.prototypes) & batch.is_synthetic
    assert found[:, 1].tolist() == counts_of(batch, noise)


def test_classifier_judges_by_its_own_probabilities(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    method, batch = begun(network, data, generator, label_correction="classifier")
    loss, found = judged(method, network, batch)
    network.train()
    logits = torch.stack([network.logits(batch.views[name]) for name in PROTOTYPE_VIEWS], dim=1)
    wrong = (logits.argmax(dim=2) != batch.labels[:, None]).any(dim=1) & batch.is_synthetic
    assert found[:, 1].tolist() == counts_of(batch, wrong)
    expected = contrastive_loss(embedded(network, batch), batch.labels, wrong, method.prototypes)
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert network.classifier.weight.grad is None  # it is not taught by what it judges


def test_soft_verdict_is_trust_by_the_margin(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    soft = {"verdict": "soft", "verdict_temperature": 0.3}
    method, batch = begun(network, data, generator, **SIMILAR, **soft)
    loss, found = judged(method, network, batch)
    _, margins = method.seen
    assert margins is not None
    trust = trust_of(margins, batch.is_synthetic, 0.3)
    features = embedded(network, batch)
    expected = trusting_contrastive_loss(features, batch.labels, trust, method.prototypes)
    torch.testing.assert_close(loss, expected)
    assert found[:, 1].tolist() == counts_of(batch, margins < 0)


def test_budget_ranks_what_is_remembered_of_the_epochs_before(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    options = SIMILAR | {"noise_budget": 0.5, "margin_memory": 0.25}
    method = method_of(data, **options)
    assert method.correction is not None
    batches = [batch_of(generator, [0, 1, 7, 2, 9, 3]), batch_of(generator, [4, 5, 8, 3, 10, 0])]
    remembered = torch.full((24,), torch.inf)
    for number in (1, 2, 3):
        start(method, network, data, number)
        verdicts = lowest_in_class(remembered, data.labels, data.is_synthetic, 0.5, 3)
        assert torch.equal(method.correction.verdicts, verdicts)
        for batch in batches:
            _, found = judged(method, network, batch)
            noise = verdicts[batch.index] & batch.is_synthetic & (number > 1)
            assert found[:, 1].tolist() == counts_of(batch, noise)
            index, margins = method.seen
            assert margins is not None
            for place, margin in zip(index.tolist(), margins.tolist(), strict=True):
                old = float(remembered[place])
                remembered[place] = margin if old == torch.inf else 0.25 * old + 0.75 * margin
            method.after_step(network)
            torch.testing.assert_close(method.correction.margins, remembered)
        assert (method.end_epoch() is None) == (number == 1)
    assert (remembered[data.is_synthetic] < 0).any()


def test_budget_goes_on_within_an_epoch(network: Network, data: TrainingData) -> None:
    method, again = (method_of(data, **SIMILAR, noise_budget=0.5) for _ in range(2))
    assert method.correction is not None
    method.correction.margins.copy_(torch.linspace(-1, 1, 24))
    start(method, network, data, 2)
    state = method.epoch_state()
    assert state["verdicts"].any()
    assert again.correction is not None
    again.load_epoch_state(state)
    assert torch.equal(again.correction.verdicts, method.correction.verdicts)


def test_score_moves_the_margin_by_its_rank(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    scores = torch.full((24,), torch.nan)
    scores[:6] = torch.tensor([0.3, 0.1, 0.2, 0.1, 0.4, 0.5])  # of the classes 0, 1, 2, 0, 1, 2
    scored = dataclasses.replace(data, scores=scores)
    batch = batch_of(generator, [0, 1, 2, 3, 4, 5])
    seen = []
    for prior in (0.0, 2.0):
        method = method_of(scored, **SIMILAR, score_prior=prior)
        start(method, network, data)
        method.prototypes = F.normalize(torch.ones(3, 2, 4) + torch.eye(3, 4)[:, None], dim=2)
        judged(method, network, batch)
        seen.append(method.seen[1])
    assert seen[0] is not None
    assert seen[1] is not None
    expected = torch.tensor([1.0, -1.0, -1.0, -1.0, 1.0, 1.0])
    torch.testing.assert_close(seen[1] - seen[0], expected)
    with pytest.raises(OptionError, match="^score_prior: 2, but 6 of 6 synthetic images have none"):
        method_of(data, **SIMILAR, score_prior=2.0)


def test_prototypes_are_filled_with_the_nearest_synthetic_images(
    network: Network, data: TrainingData
) -> None:
    method = method_of(data, prototype_images=8)
    start(method, network, data)
    images = all_batches(data, PROTOTYPE_VIEWS, VIEWS, 8, Generator().manual_seed(0))
    embeddings, labels = embed_all(network, images)
    for label in range(3):
        own = [i for i in range(24) if labels[i] == label]
        real = [i for i in own if not data.is_synthetic[i]]
        mean = F.normalize(embeddings[real].mean(dim=0), dim=1)
        made = [i for i in own if data.is_synthetic[i]]
        made.sort(key=lambda i: -float((embeddings[i] * mean).sum()))
        taken = real + made[: max(8 - len(real), 0)]
        expected = F.normalize(embeddings[taken].mean(dim=0), dim=1)
        torch.testing.assert_close(method.prototypes[label], expected)
    found = filled_prototypes(embeddings, labels, data.is_synthetic, 3, 8, normalise=False)
    assert (found.norm(dim=2) < 1).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_correction": "off", "neighbours": 3}, "^neighbours: 3 has no effect"),
        ({"frequency_tau": 0.1}, r"^frequency_tau: 0.1 has no effect with label_correction vote"),
        ({"noise_budget": 0.2}, "^noise_budget: 0.2 has no effect with label_correction vote"),
        (SIMILAR | {"verdict": "soft", "noise_budget": 0.2}, "^noise_budget: 0.2 has no effect"),
        (SIMILAR | {"verdict": "soft", "noise_strategy": "drop"}, "^verdict: 'soft' has no effect"),
        ({"real_weight": 3.0}, "^real_weight: 3.0 has no effect with weighting uniform"),
    ],
)
def test_options_without_effect_are_refused(
    data: TrainingData, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        create_method("sau", context_of(data), options)


def test_real_images_weigh_more_where_a_class_has_few(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    method = method_of(data, contrastive_weight=0, weighting="domain", real_weight=3.0)
    batch = batch_of(generator, PLACES)
    found = loss_of(method, batch, network)["cross_entropy"]
    assert method.weights is not None
    for label in range(3):
        own = data.labels == label
        parts = torch.where(data.is_synthetic, 1.0, 3.0)[own]
        torch.testing.assert_close(method.weights[own], parts / parts.mean())
    each = F.cross_entropy(network(batch.views["v1"]), batch.labels, reduction="none")
    torch.testing.assert_close(found, (method.weights[batch.index] * each).mean())
