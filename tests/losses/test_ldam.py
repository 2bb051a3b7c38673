import math

import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from sau.losses.ldam import label_margins, margin_cross_entropy
from tests.losses.conftest import Rows, assert_loss_and_gradient

LABELS = [0, 2, 2, 1]
MARGINS = [0.5, 1.5, 4.0]


def oracle(rows: Rows, weights: list[float]) -> float:
    """Cao et al., equation 12, and the weighted mean of Algorithm 1."""
    total = 0.0
    for scores, label in zip(rows, LABELS, strict=True):
        numerator = math.exp(scores[label] - MARGINS[label])
        others = sum(math.exp(score) for j, score in enumerate(scores) if j != label)
        total -= weights[label] * math.log(numerator / (numerator + others))
    return total / sum(weights[label] for label in LABELS)


@pytest.mark.parametrize("weights", [None, [0.2, 0.8, 2.0]])
def test_ldam_loss_equals_its_definition(weights: list[float] | None, generator: Generator) -> None:
    labels, margins = torch.tensor(LABELS), torch.tensor(MARGINS).double()
    tensor = None if weights is None else torch.tensor(weights).double()
    assert_loss_and_gradient(
        lambda logits: margin_cross_entropy(logits, labels, margins, tensor),
        lambda rows: oracle(rows, weights or [1.0, 1.0, 1.0]),
        2 * torch.randn(4, 3, generator=generator),
    )


def test_ldam_loss_is_cross_entropy_without_margins(generator: Generator) -> None:
    logits, labels = torch.randn(4, 3, generator=generator), torch.tensor(LABELS)
    found = margin_cross_entropy(logits, labels, torch.zeros(3))
    torch.testing.assert_close(found, F.cross_entropy(logits, labels))


def test_margins_fall_with_the_fourth_root_of_the_count() -> None:
    counts = [5000, 300, 12, 1]
    constant = 0.5 / max(1 / count**0.25 for count in counts)
    found = label_margins(torch.tensor(counts), 0.5)
    assert found.dtype == torch.float32
    assert found.tolist() == pytest.approx([constant / count**0.25 for count in counts])
    assert label_margins(torch.tensor([7, 7]), 0.3).tolist() == pytest.approx([0.3, 0.3])


def test_class_without_images_does_not_set_the_margins() -> None:
    found = label_margins(torch.tensor([16, 0, 1]), 0.5)
    assert found.tolist() == pytest.approx([0.25, 0.0, 0.5])
