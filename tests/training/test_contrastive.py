import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.training.contrastive import NoiseStrategy, synthetic_aware_loss
from sau.training.label_correction import find_noise

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "supcon.npz"
STRATEGIES: list[NoiseStrategy] = ["drop", "pos_neg", "neg_only"]


def oracle(
    features: Tensor,
    labels: Tensor,
    noise: Tensor,
    prototypes: Tensor,
    temperature: float,
    strategy: NoiseStrategy,
) -> float:
    """The paper's equations, term by term: points are (vector, group, is noise)."""
    points = []
    for view in (0, 1):
        for sample, label in enumerate(labels.tolist()):
            own = ("noise", sample) if noise[sample] else ("class", label)
            points.append((features[sample, view].double(), own, bool(noise[sample])))
        points += [
            (vectors[view].double(), ("class", c), False) for c, vectors in enumerate(prototypes)
        ]
    if strategy == "drop":
        points = [point for point in points if not point[2]]
    losses = []
    for i, (vector, group, is_noise) in enumerate(points):
        if strategy == "neg_only" and is_noise:
            continue
        others = [point for k, point in enumerate(points) if k != i]
        positives = [other for other in others if other[1] == group]
        denominator = sum(math.exp(float(vector @ other[0]) / temperature) for other in others)
        total = sum(
            float(vector @ other[0]) / temperature - math.log(denominator) for other in positives
        )
        losses.append(-total / len(positives) if positives else 0.0)
    return sum(losses) / len(losses)


def draw(generator: Generator, count: int, classes: int, spread: float) -> tuple[Tensor, ...]:
    centres = F.normalize(torch.randn(classes, 2, 5, generator=generator), dim=2)
    labels = torch.randint(0, classes, (count,), generator=generator)
    noise = spread * torch.randn(count, 2, 5, generator=generator)
    return F.normalize(centres[labels] + noise, dim=2), labels, centres


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("count", [1, 2, 17])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_equals_the_oracle(
    strategy: NoiseStrategy, count: int, share: float, generator: Generator
) -> None:
    features, labels, prototypes = draw(generator, count, 3, 0.5)
    labels[0] = 2  # with one sample only, the other classes have none
    is_synthetic = torch.rand(count, generator=generator) < share
    loss, noise = synthetic_aware_loss(
        features,
        labels,
        is_synthetic,
        prototypes,
        temperature=0.2,
        noise_strategy=strategy,
        neighbours=2,
    )
    assert torch.equal(noise, find_noise(features, labels, is_synthetic, prototypes, 2))
    expected = oracle(features, labels, noise, prototypes, 0.2, strategy)
    assert loss.item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_all_noise(strategy: NoiseStrategy, generator: Generator) -> None:
    _, labels, prototypes = draw(generator, 6, 3, 0.0)
    # Every sample sits on the prototype of another class than its own.
    features = prototypes[(labels + 1) % 3].clone().requires_grad_()
    loss, noise = synthetic_aware_loss(
        features,
        labels,
        torch.ones(6, dtype=torch.bool),
        prototypes,
        temperature=0.1,
        noise_strategy=strategy,
        neighbours=1,
    )
    assert noise.all()
    expected = oracle(features.detach(), labels, noise, prototypes, 0.1, strategy)
    assert loss.item() == pytest.approx(expected, abs=1e-5)
    torch.autograd.backward(loss)
    assert features.grad is not None
    assert features.grad.isfinite().all()
    assert bool(features.grad.any()) == (strategy != "drop")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_gradient_is_the_slope(strategy: NoiseStrategy, generator: Generator) -> None:
    features, labels, prototypes = draw(generator, 5, 2, 0.8)
    is_synthetic = torch.tensor([True, True, False, True, False])
    options = {"temperature": 0.5, "noise_strategy": strategy, "neighbours": 1}
    features.requires_grad_()
    prototypes.requires_grad_()
    loss, _ = synthetic_aware_loss(features, labels, is_synthetic, prototypes, **options)
    torch.autograd.backward(loss)
    assert prototypes.grad is None
    assert features.grad is not None
    step = 1e-3
    for place in [(0, 0, 0), (1, 1, 2), (4, 0, 4)]:
        moved = []
        for sign in (-1, 1):
            shifted = features.detach().clone()
            shifted[place] += sign * step
            moved.append(
                synthetic_aware_loss(shifted, labels, is_synthetic, prototypes, **options)[0]
            )
        slope = (moved[1] - moved[0]).item() / (2 * step)
        assert features.grad[place].item() == pytest.approx(slope, abs=2e-3)


def test_autocast_does_not_reach_the_loss(generator: Generator) -> None:
    features, labels, prototypes = draw(generator, 9, 3, 0.5)
    is_synthetic = torch.arange(9) % 2 == 0
    options = {"temperature": 0.1, "noise_strategy": "pos_neg", "neighbours": 1}
    exact, _ = synthetic_aware_loss(features, labels, is_synthetic, prototypes, **options)
    with torch.autocast("cpu", torch.bfloat16):
        same, _ = synthetic_aware_loss(features, labels, is_synthetic, prototypes, **options)
    assert same.dtype == torch.float32
    assert torch.equal(exact, same)


@pytest.mark.skipif(not GOLDEN.exists(), reason="reference vectors are not beside the repository")
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("case", range(3))
def test_equals_the_published_code(case: int, strategy: NoiseStrategy) -> None:
    with np.load(GOLDEN) as golden:
        known = {
            name.removeprefix(f"case{case}_"): torch.from_numpy(golden[name])
            for name in golden.files
            if name.startswith(f"case{case}_")
        }
    features = known["features"].requires_grad_()
    loss, noise = synthetic_aware_loss(
        features,
        known["labels"],
        known["is_syn"].bool(),
        known["prototypes"],
        temperature=known["meta"].item(),
        noise_strategy=strategy,
        neighbours=1,
    )
    torch.autograd.backward(loss)
    assert torch.equal(noise, known["noise"])
    torch.testing.assert_close(loss, known[f"loss_{strategy}"], atol=1e-5, rtol=0)
    torch.testing.assert_close(features.grad, known[f"grad_{strategy}"], atol=1e-4, rtol=0)
