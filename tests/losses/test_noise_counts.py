import pytest
import torch
from torch import Generator

from sau.losses.noise_counts import noise_counts


def test_counts_equal_a_loop(generator: Generator) -> None:
    labels, true = torch.randint(0, 3, (2, 50), generator=generator)
    is_synthetic, noise = torch.rand(2, 50, generator=generator) < 0.6
    expected = torch.zeros(4, 4, dtype=torch.int64)
    for sample, label in enumerate(labels.tolist()):
        if is_synthetic[sample]:
            called, wrong = bool(noise[sample]), int(true[sample]) != label
            expected[label] += torch.tensor([1, called, wrong, called and wrong])
    assert torch.equal(noise_counts(labels, is_synthetic, noise, 4, true), expected)
    assert expected.min(dim=0).values.tolist() == [0, 0, 0, 0]
    assert (expected[:3] > 0).all()

    unknown = noise_counts(labels, is_synthetic, noise, 4)
    assert torch.equal(unknown[:, :2], expected[:, :2])
    assert unknown[:, 2:].sum() == 0


def test_other_shapes_are_refused() -> None:
    labels, flags = torch.zeros(3, dtype=torch.int64), torch.zeros(3, dtype=torch.bool)
    with pytest.raises(ValueError, match="^true_labels: expected int64"):
        noise_counts(labels, flags, flags, 2, labels[:2])
