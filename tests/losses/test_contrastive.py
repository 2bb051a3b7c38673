from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.losses.contrastive import (
    NoiseStrategy,
    SyntheticAwareContrastiveLoss,
    synthetic_aware_loss,
)
from sau.losses.label_correction import find_noise
from sau.neighbours.bank import EmbeddingBank
from tests.losses.contrastive_cases import STRATEGIES, Case, draw, every_strategy

GOLDEN = Path(__file__).with_name("golden") / "supcon.npz"


def oracle(case: Case, noise: Tensor, temperature: float, strategy: NoiseStrategy) -> Tensor:
    """The paper's equations, term by term, in float64: points are (vector, group, is noise)."""
    points = []
    for view in (0, 1):
        for sample, label in enumerate(case.labels.tolist()):
            group = ("noise", sample) if noise[sample] else ("class", label)
            points.append((case.features[sample, view].double(), group, bool(noise[sample])))
        for label, prototype in enumerate(case.prototypes):
            points.append((prototype[view].double(), ("class", label), False))
    if strategy == "drop":
        points = [point for point in points if not point[2]]
    losses = []
    for i, (vector, group, is_noise) in enumerate(points):
        if strategy == "neg_only" and is_noise:
            continue
        loss = torch.zeros((), dtype=torch.float64)
        positives = [
            j
            for j in range(len(points))
            if j != i and points[j][1] == group and points[j][2] == is_noise
        ]
        denominator = torch.zeros((), dtype=torch.float64)
        for k in range(len(points)):
            if k != i:
                denominator = denominator + (vector @ points[k][0] / temperature).exp()
        for j in positives:
            probability = (vector @ points[j][0] / temperature).exp() / denominator
            loss = loss - probability.log() / len(positives)
        losses.append(loss)
    return torch.stack(losses).mean()


def assert_equals_the_oracle(case: Case, strategy: NoiseStrategy, **options: Any) -> Tensor:
    case.features = case.features.detach().requires_grad_()
    loss, noise = case.loss(strategy, **options)
    (gradient,) = torch.autograd.grad(loss, case.features)
    expected = oracle(case, noise, options.get("temperature", 0.2), strategy)
    expected_gradient = torch.zeros_like(case.features)
    if expected.requires_grad:
        (expected_gradient,) = torch.autograd.grad(expected, case.features)
    torch.testing.assert_close(loss.double(), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(gradient, expected_gradient, atol=1e-5, rtol=0)
    assert gradient.isfinite().all()
    assert not noise[~case.is_synthetic].any()
    return noise


@every_strategy
@pytest.mark.parametrize("neighbours", [1, 3])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_contrastive_loss_equals_the_oracle(
    strategy: NoiseStrategy, share: float, neighbours: int, generator: Generator
) -> None:
    for count, classes in [(2, 2), (9, 3), (16, 4)]:
        case = draw(generator, count, classes, 0.7, share)
        noise = assert_equals_the_oracle(case, strategy, neighbours=neighbours)
        assert torch.equal(
            noise,
            find_noise(case.features, case.labels, case.is_synthetic, case.prototypes, neighbours),
        )
    assert noise.any()
    assert not noise[case.is_synthetic].all()


def placed(labels: list[int], looks_like: list[int], synthetic: list[int], classes: int) -> Case:
    """Samples near the prototypes of the classes that they look like."""
    generator = Generator().manual_seed(0)
    prototypes = F.normalize(torch.randn(classes, 2, 5, generator=generator), dim=2)
    spread = 0.02 * torch.randn(len(labels), 2, 5, generator=generator)
    return Case(
        F.normalize(prototypes[torch.tensor(looks_like)] + spread, dim=2),
        torch.tensor(labels),
        torch.tensor(synthetic).bool(),
        prototypes,
    )


DEGENERATE = {
    "no synthetic sample": (placed([0, 1, 2, 1], [0, 2, 2, 0], [0, 0, 0, 0], 3), [0, 0, 0, 0]),
    "all synthetic": (placed([0, 1, 2, 1], [0, 2, 2, 1], [1, 1, 1, 1], 3), [0, 1, 0, 0]),
    "all noise": (placed([0, 1, 2, 1], [1, 2, 0, 0], [1, 1, 1, 1], 3), [1, 1, 1, 1]),
    "a class with one sample": (placed([0, 0, 1], [0, 0, 1], [0, 1, 1], 2), [0, 0, 0]),
    "a class whose samples are noise": (placed([0, 1, 1], [0, 0, 0], [0, 1, 1], 2), [0, 1, 1]),
    "one real sample": (placed([1], [0], [0], 2), [0]),
    "one clean sample": (placed([1], [1], [1], 2), [0]),
    "one noisy sample": (placed([1], [0], [1], 2), [1]),
    "one class": (placed([0, 0, 0], [0, 0, 0], [0, 1, 0], 1), [0, 0, 0]),
    "one class, one sample": (placed([0], [0], [1], 1), [0]),
    "more classes than the batch has": (placed([0, 1, 0], [0, 5, 0], [1, 1, 0], 7), [0, 1, 0]),
}


@every_strategy
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_batches(name: str, strategy: NoiseStrategy) -> None:
    case, expected = DEGENERATE[name]
    noise = assert_equals_the_oracle(case, strategy)
    assert noise.int().tolist() == expected


def test_noise_gets_no_gradient_when_dropped_and_pushes_only_when_negative() -> None:
    case, _ = DEGENERATE["all noise"]
    gradients = {}
    for strategy in STRATEGIES:
        case.features = case.features.detach().requires_grad_()
        gradients[strategy] = torch.autograd.grad(case.loss(strategy)[0], case.features)[0]
    assert not gradients["drop"].any()
    assert gradients["neg_only"].any()
    assert not torch.allclose(gradients["neg_only"], gradients["pos_neg"])


def test_prototypes_are_constants(generator: Generator) -> None:
    case = draw(generator, 5, 2, 0.5, 0.5)
    case.prototypes.requires_grad_()
    case.features.requires_grad_()
    torch.autograd.backward(case.loss("pos_neg")[0])
    assert case.prototypes.grad is None
    assert case.features.grad is not None


@every_strategy
@pytest.mark.parametrize(
    ("stored", "vote", "expected"),
    [
        ([0, 0, 1], "majority", [0, 0, 0]),
        ([0, 0, 1], "unanimous", [1, 1, 0]),
        ([1, 1, 0], "majority", [1, 1, 0]),
    ],
)
def test_vote_and_memory_decide_what_is_noise(
    stored: list[int], vote: str, expected: list[int], strategy: NoiseStrategy
) -> None:
    case = placed([0, 0, 1], [0, 0, 1], [1, 1, 0], 2)
    memory = EmbeddingBank.of(case.prototypes[:1].repeat(3, 1, 1), torch.tensor(stored), "torch")
    noise = assert_equals_the_oracle(case, strategy, neighbours=3, vote=vote, bank=memory)
    assert noise.int().tolist() == expected


@every_strategy
@pytest.mark.parametrize("number", range(3))
def test_contrastive_loss_equals_the_published_code(number: int, strategy: NoiseStrategy) -> None:
    with np.load(GOLDEN) as golden:
        known = {
            name.removeprefix(f"case{number}_"): torch.from_numpy(golden[name])
            for name in golden.files
            if name.startswith(f"case{number}_")
        }
    features = known["features"].requires_grad_()
    case = Case(features, known["labels"], known["is_syn"].bool(), known["prototypes"])
    loss, noise = case.loss(strategy, temperature=known["meta"].item())
    torch.autograd.backward(loss)
    assert torch.equal(noise, known["noise"])
    torch.testing.assert_close(loss, known[f"loss_{strategy}"], atol=1e-5, rtol=0)
    torch.testing.assert_close(features.grad, known[f"grad_{strategy}"], atol=1e-4, rtol=0)


def test_module_is_the_function_with_the_papers_defaults(generator: Generator) -> None:
    case = draw(generator, 20, 4, 0.5, 0.5)
    tensors = case.features, case.labels, case.is_synthetic, case.prototypes
    plain, _ = case.loss("pos_neg", temperature=0.1, neighbours=1)
    assert torch.equal(SyntheticAwareContrastiveLoss()(*tensors), plain)
    assert torch.equal(synthetic_aware_loss(*tensors)[0], plain)
    options = {"temperature": 0.3, "neighbours": 3, "vote": "unanimous"}
    module = SyntheticAwareContrastiveLoss(noise_strategy="drop", **options)
    assert torch.equal(module(*tensors), case.loss("drop", **options)[0])
    bank = EmbeddingBank.of(case.prototypes[:2], torch.tensor([1, 0]))
    assert torch.equal(module(*tensors, bank), case.loss("drop", bank=bank, **options)[0])
    assert "vote='unanimous'" in repr(module)


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("features", torch.zeros(20, 5), r"^features: expected float \(B, 2, d\), got .*\(20, 5\)"),
        ("labels", torch.zeros(20), r"^labels: expected int64 \(B,\) with B = 20, got float32"),
        ("is_synthetic", torch.zeros(20, dtype=torch.int64), "^is_synthetic: expected bool"),
        ("prototypes", torch.zeros(4, 2, 6), r"^prototypes: .* with d = 5, got .*\(4, 2, 6\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused_by_name(
    name: str, wrong: Tensor, message: str, generator: Generator
) -> None:
    case = draw(generator, 20, 4, 0.5, 0.5)
    setattr(case, name, wrong)
    with pytest.raises(ValueError, match=message):
        case.loss("pos_neg")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0.0}, "^temperature: 0.0, expected above 0"),
        ({"neighbours": 0}, "^neighbours: 0, expected at least 1"),
        ({"noise_strategy": "pos"}, "^noise_strategy: 'pos', expected one of drop, pos_neg, neg_"),
        ({"vote": "most"}, "^vote: 'most', expected one of majority"),
    ],
)
def test_options_out_of_range_are_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SyntheticAwareContrastiveLoss(**options)
