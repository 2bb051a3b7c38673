import math

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.losses.class_similarities import class_similarities, standardised
from sau.losses.label_correction import find_noise
from sau.losses.noise_margins import classification_margins

CLASSES = 4


def draw(generator: Generator, count: int, barred: float) -> tuple[Tensor, ...]:
    """Queries, candidates of every class, their labels, and which of them are none."""
    queries = F.normalize(torch.randn(7, 2, 5, generator=generator), dim=2)
    candidates = F.normalize(torch.randn(count + CLASSES, 2, 5, generator=generator), dim=2)
    labels = torch.randint(0, CLASSES, (count + CLASSES,), generator=generator)
    labels[count:] = torch.arange(CLASSES)
    none = torch.rand(count + CLASSES, generator=generator) < barred
    none[count:] = False
    return queries, candidates, labels, none


@pytest.mark.parametrize("nearest", [1, 2, 5, 100])
@pytest.mark.parametrize("tau", [0.0, 0.3])
def test_similarities_equal_a_loop(nearest: int, tau: float, generator: Generator) -> None:
    for count, share in ((0, 0.0), (30, 0.5), (30, 1.0)):
        case = queries, candidates, labels, barred = draw(generator, count, share)
        found = class_similarities(*case, CLASSES, nearest=nearest, tau=tau)
        for query in range(len(queries)):
            for view in (0, 1):
                for label in range(CLASSES):
                    near = sorted(
                        (
                            float(queries[query, view] @ candidates[other, view])
                            for other in range(len(candidates))
                            if labels[other] == label and not barred[other]
                        ),
                        reverse=True,
                    )
                    mean = sum(near[:nearest]) / len(near[:nearest])
                    prior = math.log(len(near) / int((~barred).sum()))
                    assert found[query, view, label] == pytest.approx(mean - tau * prior, abs=1e-5)


def test_nearest_of_each_class_gives_the_verdict_of_the_nearest_neighbour(
    generator: Generator,
) -> None:
    features = F.normalize(torch.randn(40, 2, 6, generator=generator), dim=2)
    prototypes = F.normalize(torch.randn(CLASSES, 2, 6, generator=generator), dim=2)
    labels = torch.randint(0, CLASSES, (40,), generator=generator)
    is_synthetic = torch.rand(40, generator=generator) < 0.6
    similar = class_similarities(
        features,
        torch.cat([features, prototypes]),
        torch.cat([labels, torch.arange(CLASSES)]),
        torch.cat([is_synthetic, torch.zeros(CLASSES, dtype=torch.bool)]),
        CLASSES,
    )
    noise = is_synthetic & (classification_margins(similar, labels) < 0)
    assert torch.equal(noise, find_noise(features, labels, is_synthetic, prototypes, 1))
    assert noise.any()
    assert not noise[is_synthetic].all()


def test_frequency_takes_the_advantage_of_number_away(generator: Generator) -> None:
    """Of two classes around one place, that of more candidates is nearest by their number."""
    labels = (torch.arange(4000) % 100 == 0).long()
    queries = torch.ones(1, 2, 1)
    # The largest of n values with an exponential tail grows by log n: here by log 99.
    tail = -torch.rand(4000, 2, 1, generator=generator).log()
    none = torch.zeros(4000, dtype=torch.bool)
    plain, fair = (
        class_similarities(queries, tail, labels, none, 2, tau=tau)[0] for tau in (0.0, 1.0)
    )
    assert (plain[:, 0] > plain[:, 1]).all()
    difference = (plain[:, 0] - plain[:, 1]) - (fair[:, 0] - fair[:, 1])
    torch.testing.assert_close(difference, torch.full((2,), math.log(99)))


def test_standardised_equals_a_loop(generator: Generator) -> None:
    similar = torch.randn(9, 2, 3, generator=generator) * torch.tensor([1.0, 5.0, 0.1]) + 2
    rows = torch.rand(9, generator=generator) < 0.6
    found = standardised(similar, rows)
    for view in (0, 1):
        for label in range(3):
            values = similar[rows, view, label].double()
            spread = (values - values.mean()).square().mean().sqrt()
            expected = (similar[:, view, label].double() - values.mean()) / spread
            torch.testing.assert_close(
                found[:, view, label].double(), expected, rtol=1e-4, atol=1e-5
            )


def test_standardised_of_one_sample_or_none_is_finite() -> None:
    similar = torch.rand(2, 2, 3)
    for rows in ([True, False], [False, False]):
        assert standardised(similar, torch.tensor(rows)).isfinite().all()
    assert standardised(similar, torch.tensor([True, False]))[0].abs().max() == 0


def test_other_shapes_are_refused(generator: Generator) -> None:
    queries, candidates, labels, barred = draw(generator, 3, 0.0)
    with pytest.raises(ValueError, match="^candidate_labels: expected int64"):
        class_similarities(queries, candidates, labels[1:], barred, CLASSES)
    with pytest.raises(ValueError, match="^nearest: 0, expected at least 1"):
        class_similarities(queries, candidates, labels, barred, CLASSES, nearest=0)
    with pytest.raises(ValueError, match="^rows: expected bool"):
        standardised(torch.zeros(2, 2, 3), labels[:2])
