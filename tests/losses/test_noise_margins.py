import math

import pytest
import torch
from torch import Generator

from sau.losses.noise_margins import classification_margins, lowest_in_class, trust_of


def test_margins_equal_a_loop(generator: Generator) -> None:
    similar = torch.randn(20, 2, 4, generator=generator)
    labels = torch.randint(0, 4, (20,), generator=generator)
    found = classification_margins(similar, labels)
    for sample, label in enumerate(labels.tolist()):
        views = [
            view[label] - max(value for other, value in enumerate(view) if other != label)
            for view in similar[sample].tolist()
        ]
        assert float(found[sample]) == pytest.approx(min(views), abs=1e-6)
    assert classification_margins(similar[:, :, :1], torch.zeros_like(labels)).isinf().all()


def slow_lowest(
    margins: list[float], labels: list[int], made: list[bool], share: float
) -> list[bool]:
    called = [False] * len(margins)
    for label in set(labels):
        own = [i for i, other in enumerate(labels) if other == label and made[i]]
        for i in sorted(own, key=lambda i: (margins[i], i))[: int(share * len(own) + 1e-9)]:
            called[i] = margins[i] < 0
    return called


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_lowest_of_each_class_equal_a_loop(share: float, generator: Generator) -> None:
    for count in (1, 60):
        margins = torch.randn(count, generator=generator).mul(4).round().div(4)  # with ties
        margins[torch.rand(count, generator=generator) < 0.1] = torch.inf
        labels = torch.randint(0, 5, (count,), generator=generator)
        made = torch.rand(count, generator=generator) < 0.7
        found = lowest_in_class(margins, labels, made, share, 6)
        assert found.tolist() == slow_lowest(
            margins.tolist(), labels.tolist(), made.tolist(), share
        )
    assert bool(found.any()) == (share > 0)


def test_budget_is_the_same_share_of_every_class_whatever_its_margins() -> None:
    labels = torch.arange(3).repeat_interleave(10)
    margins = torch.cat([-torch.rand(10) - 5 * label for label in range(3)])
    found = lowest_in_class(margins, labels, torch.ones(30, dtype=torch.bool), 0.2, 3)
    assert found.view(3, 10).sum(dim=1).tolist() == [2, 2, 2]


def test_trust() -> None:
    margins = torch.tensor([0.0, 0.5, -0.5, -100.0])
    made = torch.tensor([True, True, True, False])
    expected = [0.5, 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(1)), 1.0]
    torch.testing.assert_close(trust_of(margins, made, 0.5), torch.tensor(expected))


def test_values_outside_their_range_are_refused() -> None:
    margins, labels, made = torch.zeros(2), torch.tensor([0, 1]), torch.tensor([True, True])
    with pytest.raises(ValueError, match="^temperature: 0, expected above 0"):
        trust_of(margins, made, 0)
    with pytest.raises(ValueError, match=r"^share: 1.5, expected 0 to 1"):
        lowest_in_class(margins, labels, made, 1.5, 2)
    with pytest.raises(ValueError, match="^labels: expected int64"):
        classification_margins(torch.zeros(3, 2, 2), labels)
