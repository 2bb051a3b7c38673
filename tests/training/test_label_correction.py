import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.training.label_correction import find_noise


def oracle(
    features: Tensor, labels: Tensor, is_synthetic: Tensor, prototypes: Tensor, neighbours: int
) -> list[bool]:
    """Sample by sample, view by view, from the definition."""
    noise = []
    for sample in range(len(labels)):
        agrees = True
        for view in (0, 1):
            candidates = [
                (float(features[sample, view] @ features[other, view]), int(labels[other]))
                for other in range(len(labels))
                if not is_synthetic[other]
            ] + [
                (float(features[sample, view] @ prototypes[label, view]), label)
                for label in range(len(prototypes))
            ]
            nearest = sorted(candidates, reverse=True)[:neighbours]
            score = {
                label: (
                    sum(1 for _, other in nearest if other == label),
                    sum(similarity for similarity, other in nearest if other == label),
                )
                for _, label in nearest
            }
            agrees &= max(score, key=lambda label: score[label]) == int(labels[sample])
        noise.append(bool(is_synthetic[sample]) and not agrees)
    return noise


def draw(
    generator: Generator, count: int, classes: int, share: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    centres = F.normalize(torch.randn(classes, 2, 6, generator=generator), dim=2)
    labels = torch.randint(0, classes, (count,), generator=generator)
    spread = 0.6 * torch.randn(count, 2, 6, generator=generator)
    features = F.normalize(centres[labels] + spread, dim=2)
    return features, labels, torch.rand(count, generator=generator) < share, centres


@pytest.mark.parametrize("neighbours", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_equals_the_oracle(neighbours: int, share: float, generator: Generator) -> None:
    found_some = False
    for count in (1, 2, 30):
        case = draw(generator, count, 4, share)
        found = find_noise(*case, neighbours)
        assert found.tolist() == oracle(*case, neighbours)
        found_some |= bool(found.any())
    assert found_some == (share > 0)


def test_both_views_must_agree() -> None:
    prototypes = torch.eye(2)[:, None].repeat(1, 2, 1)
    first, second = torch.eye(2)
    features = torch.stack(
        [torch.stack(pair) for pair in [(first, first), (first, second), (second, first)]]
    )
    labels = torch.zeros(3, dtype=torch.int64)
    found = find_noise(features, labels, torch.ones(3, dtype=torch.bool), prototypes, 1)
    assert found.tolist() == [False, True, True]
    assert not find_noise(features, labels, torch.zeros(3, dtype=torch.bool), prototypes, 1).any()


def test_majority_beats_the_nearest_and_similarity_breaks_ties() -> None:
    angle = torch.tensor([0.1, 0.3, 0.35, 1.5])
    points = torch.stack([angle.cos(), angle.sin()], dim=1)[:, None].repeat(1, 2, 1)
    origin = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    features = torch.cat([origin, points[:3]])
    prototypes = -origin.repeat(2, 1, 1)
    is_synthetic = torch.tensor([True, False, False, False])
    labels = torch.tensor([1, 0, 1, 1])
    noise = [bool(find_noise(features, labels, is_synthetic, prototypes, k)[0]) for k in (1, 2, 3)]
    assert noise == [True, True, False]
