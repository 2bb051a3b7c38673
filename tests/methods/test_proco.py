import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.data.batches import Batch
from sau.data.sets import TrainingData
from sau.methods.proco import probabilistic_contrastive_loss
from sau.networks import Network
from tests.methods.conftest import COUNTS, loss_of, make, make_batch, start


def embeddings_of(network: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    """The pair's embeddings and labels, of all three views in one pass."""
    images = torch.cat([batch.views[name] for name in ("strong", "v3", "v3_again")])
    return network.project(network.features(images)[6:]), batch.labels.repeat(2)


def means_of(parts: list[tuple[Tensor, Tensor]]) -> Tensor:
    embeddings, labels = (torch.cat(values) for values in zip(*parts, strict=True))
    return torch.stack([embeddings[labels == label].mean(dim=0) for label in range(3)]).detach()


def test_first_epoch_estimates_from_its_own_batches(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    method = make("proco", contrastive_weight=2, temperature=0.2)
    start(method, network, data)
    seen = []
    for _ in range(3):
        batch = make_batch(generator, method.views)
        losses = loss_of(method, batch, network)
        seen.append(embeddings_of(network, batch))
        contrastive = probabilistic_contrastive_loss(*seen[-1], means_of(seen), COUNTS, 0.2)
        torch.testing.assert_close(losses["contrastive"], contrastive, atol=1e-4, rtol=1e-4)
        method.after_step(network)
    images = torch.cat([batch.views[name] for name in method.views])
    logits = network.classify(network.features(images)[:6]) + (COUNTS / COUNTS.sum()).log()
    classification = F.cross_entropy(logits, batch.labels)
    torch.testing.assert_close(losses["classification"], classification)
    torch.testing.assert_close(losses["total"], classification + 2 * losses["contrastive"])


@pytest.mark.parametrize("estimate", ["previous_epoch", "running"])
def test_later_epochs_start_from_the_one_before(
    estimate: str, network: Network, data: TrainingData, generator: Generator
) -> None:
    method = make("proco", estimate=estimate, temperature=0.2)
    epochs = []
    for number in (1, 2):
        start(method, network, data, number)
        epochs.append([])
        for _ in range(2):
            batch = make_batch(generator, method.views)
            losses = loss_of(method, batch, network)
            epochs[-1].append(embeddings_of(network, batch))
            method.after_step(network)
    used = epochs[0] + (epochs[1] if estimate == "running" else [])
    expected = probabilistic_contrastive_loss(*epochs[1][-1], means_of(used), COUNTS, 0.2)
    torch.testing.assert_close(losses["contrastive"], expected, atol=1e-4, rtol=1e-4)
    start(method, network, data, 3)
    torch.testing.assert_close(method.previous_means, means_of(epochs[1]))
    assert method.current_counts.sum() == 0


def test_class_that_an_epoch_has_not_seen_keeps_its_estimate(
    network: Network, data: TrainingData
) -> None:
    method = make("proco")
    before = method.previous_means.clone()
    torch.testing.assert_close(before.norm(dim=1), torch.full((3,), 0.9))
    method.current_counts = torch.tensor([4.0, 0.0, 2.0])
    method.current_means = torch.ones(3, 4)
    start(method, network, data)
    assert torch.equal(method.previous_means[1], before[1])
    assert torch.equal(method.previous_means[[0, 2]], torch.ones(2, 4))
    assert method.previous_counts.tolist() == [4, 0, 2]


def test_loss_changes_nothing(network: Network, data: TrainingData, generator: Generator) -> None:
    method = make("proco", estimate="running")
    start(method, network, data)
    batch = make_batch(generator, method.views)
    before = {name: value.clone() for name, value in method.state_dict().items()}
    losses = [loss_of(method, batch, network)["total"] for _ in range(2)]
    torch.testing.assert_close(losses[0], losses[1])
    assert all(torch.equal(before[name], value) for name, value in method.state_dict().items())


def test_classifier_is_linear_or_cosine() -> None:
    assert make("proco").classifier is None
    cosine = make("proco", cosine_scale=30)
    assert (cosine.classifier, cosine.classifier_scale) == ("cosine", 30)
