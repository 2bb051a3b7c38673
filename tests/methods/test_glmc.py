from typing import Any

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from sau.data.batches import Batch
from sau.data.sets import TrainingData
from sau.methods.glmc import Glmc, GlmcOptions
from sau.networks import Network
from sau.views.mixing import cutmix, mixup
from tests.methods.conftest import COUNTS, context, loss_of, make, make_batch, start


def glmc(**options: Any) -> Glmc:
    method = make("glmc", **options)
    assert isinstance(method, Glmc)
    return method


def batches_for(method: Glmc, generator: Generator) -> tuple[Batch, Batch]:
    return make_batch(generator, method.views), make_batch(generator, method.second_views)


def soft_loss(logits: Tensor, targets: list[list[float]]) -> float:
    """Return the mean of -sum(targets * log softmax(logits)), in plain loops."""
    terms = []
    for row, target in zip(logits.double().tolist(), targets, strict=True):
        total = sum(np.exp(row))
        terms.append(-sum(t * np.log(np.exp(z) / total) for z, t in zip(row, target, strict=True)))
    return float(np.mean(terms))


@pytest.mark.parametrize("view", ["v1", "v2"])
def test_glmc_equals_the_equations(
    view: str, network: Network, data: TrainingData, generator: Generator
) -> None:
    method = glmc(view=view, reweight_power=1.2, consistency_weight=3)
    start(method, network, data, number=3)
    first, second = batches_for(method, generator)
    losses = loss_of(method, first, network.train(), second=second)

    draws = np.random.default_rng(0)
    ratio = draws.beta(0.5, 0.5)
    images = mixup(first.views[view], second.views[view], ratio)
    again = f"{view}_again"
    cut, _ = cutmix(first.views[again], second.views[again], ratio, draws)
    weights = [(1 / n) ** 1.2 for n in COUNTS.tolist()]
    weights = [3 * w / sum(weights) for w in weights]
    targets = [[0.0] * 3 for _ in range(6)]
    weighted = [[0.0] * 3 for _ in range(6)]
    for n in range(6):
        for label, share in ((first.labels[n], ratio), (second.labels[n], 1 - ratio)):
            targets[n][label] += share
            weighted[n][label] += share * weights[label]
    conventional = rebalanced = 0.0
    projected, predicted = [], []
    for mixed in (images, cut):
        features = network.features(mixed)
        conventional += soft_loss(method.conventional(features), targets)
        rebalanced += soft_loss(network.classify(features), weighted)
        projected.append(method.projection(features))
        predicted.append(method.predictor(projected[-1]))
    cosine = torch.nn.functional.cosine_similarity
    similar = cosine(predicted[0], projected[1]) + cosine(predicted[1], projected[0])
    consistency = -similar.mean().item()

    share = 1 - (2 / 4) ** 2
    expected = share * conventional + (1 - share) * rebalanced + 3 * consistency
    assert losses["conventional"].item() == pytest.approx(conventional, rel=1e-5)
    assert losses["rebalanced"].item() == pytest.approx(rebalanced, rel=1e-5)
    assert losses["consistency"].item() == pytest.approx(consistency, rel=1e-5)
    assert losses["total"].item() == pytest.approx(expected, rel=1e-5)


def test_share_of_the_conventional_head_falls_with_the_epochs(
    network: Network, data: TrainingData
) -> None:
    method = glmc()
    shares = []
    for number in range(1, 5):
        start(method, network, data, number)
        shares.append(method.conventional_share)
    assert shares == [1 - (t / 4) ** 2 for t in range(4)]


def test_first_epoch_does_not_train_the_rebalanced_head(
    network: Network, data: TrainingData, generator: Generator
) -> None:
    method = glmc(consistency_weight=0)
    start(method, network, data)
    first, second = batches_for(method, generator)
    losses = loss_of(method, first, network.train(), second)
    torch.autograd.backward(losses["total"])
    assert (network.classifier.weight.grad == 0).all()
    assert (method.conventional.weight.grad != 0).any()
    assert set(losses) == {"total", "conventional", "rebalanced"}
    assert sorted(name for name, _ in method.named_parameters()) == [
        "conventional.bias",
        "conventional.weight",
    ]


@pytest.mark.parametrize("power", [0.0, 0.2, 1.0])
def test_second_batch_is_drawn_by_class_size(power: float) -> None:
    weights = glmc(resample_power=power).second_class_weights().tolist()
    ratios = [weights[c] / weights[0] for c in range(3)]
    assert ratios == pytest.approx([(9 / n) ** power for n in (9, 4, 2)])


def test_balanced_data_needs_no_weights() -> None:
    balanced = context(torch.arange(15) % 3, epochs=1)
    method = Glmc(GlmcOptions(resample_power=0.2, reweight_power=1.2), balanced)
    assert method.label_weights.tolist() == pytest.approx([1, 1, 1])
    assert method.second_class_weights().tolist() == pytest.approx([1, 1, 1])


def test_heads_have_the_sizes_of_the_network() -> None:
    method = glmc()
    assert {name: tuple(p.shape) for name, p in method.named_parameters() if p.dim() == 2} == {
        "conventional.weight": (3, 8),
        "projection.weight": (4, 8),
        "predictor.weight": (4, 4),
    }
