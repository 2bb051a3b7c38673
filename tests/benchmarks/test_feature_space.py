import numpy as np
import pytest
import torch
import torch.nn.functional as F

from benchmarks.feature_space import CLASSES, Space, line, measured, rules
from sau.longtail.swapped import swap_labels


@pytest.fixture(scope="module")
def space() -> Space:
    """Ten classes far apart, of 20 images each, half of them synthetic; a fifth of these wrong."""
    generator = torch.Generator().manual_seed(0)
    true = torch.arange(CLASSES).repeat_interleave(20)
    noise = 0.1 * torch.randn(len(true), CLASSES, generator=generator)
    embeddings = F.normalize(F.one_hot(true, CLASSES) + noise, dim=1)
    is_synthetic = torch.arange(len(true)) % 2 == 1
    labels = true.clone()
    swapped = swap_labels(true[is_synthetic].numpy(), 0.2, 0)
    labels[is_synthetic] = torch.from_numpy(swapped)
    return Space(embeddings[:, None].repeat(1, 2, 1), labels, true, is_synthetic)


@pytest.mark.parametrize("name", rules())
def test_every_rule_finds_wrong_labels_where_classes_are_far_apart(name: str, space: Space) -> None:
    found = measured(space, rules()[name](space), 1.0)
    assert found["precision"]["value"] == found["recall"]["value"] == 1
    assert found["share_called"] == [0.2] * CLASSES
    half = measured(space, rules()[name](space), 0.1)
    assert (half["precision"]["value"], half["recall"]["value"]) == (1, 0.5)


def test_line_has_rates_with_intervals_and_shares(space: Space) -> None:
    margins = torch.from_numpy(np.where(space.labels.numpy() == 3, -1.0, 1.0))
    text = line("a rule", measured(space, margins, 1.0))
    assert text.startswith("a rule: precision 0.20 (0.06 to 0.51), recall 0.10 (0.03 to 0.30); ")
    assert text.endswith("0.00 0.00 0.00 1.00 0.00 0.00 0.00 0.00 0.00 0.00")
