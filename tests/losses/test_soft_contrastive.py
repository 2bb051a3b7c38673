import math

import pytest
import torch
from torch import Generator

from sau.losses.contrastive import contrastive_loss
from sau.losses.soft_contrastive import trusting_contrastive_loss
from tests.losses.contrastive_cases import Case, draw


def slow(case: Case, trust: list[float], temperature: float) -> float:
    """The docstring's formula, one pair after the other, in float64."""
    classes = len(case.prototypes)
    samples = torch.cat([case.features, case.prototypes]).double()
    labels = [*case.labels.tolist(), *range(classes)]
    weights = [*trust, *[1.0] * classes]
    vectors = [(s, v) for s in range(len(samples)) for v in (0, 1)]
    losses = []
    for s, v in vectors:
        score = {
            (o, u): float(samples[s, v] @ samples[o, u]) / temperature
            for o, u in vectors
            if (o, u) != (s, v)
        }
        top = sum(weights[o] * score[o, u] for o, u in score if labels[o] == labels[s])
        total = sum(weights[o] for o, u in score if labels[o] == labels[s])
        positive = weights[s] * top / total + (1 - weights[s]) * score[s, 1 - v]
        losses.append(math.log(sum(map(math.exp, score.values()))) - positive)
    return sum(losses) / len(losses)


@pytest.mark.parametrize("count", [1, 12])
def test_loss_equals_a_loop(count: int, generator: Generator) -> None:
    case = draw(generator, count, 3, 0.5, 0.5)
    trust = torch.rand(count, generator=generator)
    found = trusting_contrastive_loss(
        case.features, case.labels, trust, case.prototypes, temperature=0.2
    )
    assert float(found) == pytest.approx(slow(case, trust.tolist(), 0.2), rel=1e-5)


def test_trust_of_nothing_or_all_is_a_verdict(generator: Generator) -> None:
    case = draw(generator, 20, 3, 0.5, 0.5)
    noise = torch.rand(20, generator=generator) < 0.4
    features = case.features.requires_grad_()
    both = [
        trusting_contrastive_loss(features, case.labels, (~noise).float(), case.prototypes),
        contrastive_loss(features, case.labels, noise, case.prototypes),
    ]
    torch.testing.assert_close(*both)
    torch.testing.assert_close(*(torch.autograd.grad(loss, features)[0] for loss in both))


def test_no_gradient_flows_through_the_trust(generator: Generator) -> None:
    case = draw(generator, 5, 3, 0.5, 0.5)
    trust = torch.rand(5, generator=generator).requires_grad_()
    loss = trusting_contrastive_loss(
        case.features.requires_grad_(), case.labels, trust, case.prototypes
    )
    loss.backward()
    assert trust.grad is None


def test_other_shapes_are_refused(generator: Generator) -> None:
    case = draw(generator, 5, 3, 0.5, 0.5)
    with pytest.raises(ValueError, match="^trust: expected float"):
        trusting_contrastive_loss(case.features, case.labels, torch.ones(4), case.prototypes)
    with pytest.raises(ValueError, match="^temperature: 0, expected above 0"):
        trusting_contrastive_loss(
            case.features, case.labels, torch.ones(5), case.prototypes, temperature=0
        )
