import pytest
import torch
from torch import Generator, Tensor

from sau.losses.score_weights import score_weights


def slow_weights(scores: list[float], labels: list[int], is_synthetic: list[bool]) -> list[float]:
    """The definition, image by image."""
    weights = []
    for score, label, made in zip(scores, labels, is_synthetic, strict=True):
        if not made:
            weights.append(1.0)
            continue
        rivals = [
            other
            for other, its, kind in zip(scores, labels, is_synthetic, strict=True)
            if its == label and kind
        ]
        beaten = sum(other < score for other in rivals) + sum(o == score for o in rivals) / 2
        weights.append(2 * beaten / len(rivals))
    return weights


@pytest.mark.parametrize("levels", [3, 1000])
def test_score_weights_equal_their_definition(levels: int, generator: Generator) -> None:
    count = 200
    scores = torch.randint(levels, (count,), generator=generator) / levels - 0.4
    labels = torch.randint(7, (count,), generator=generator) * 2  # every other class is empty
    is_synthetic = torch.rand(count, generator=generator) < 0.6
    scores[~is_synthetic] = torch.nan
    found = score_weights(scores, labels, is_synthetic)
    expected = slow_weights(scores.tolist(), labels.tolist(), is_synthetic.tolist())
    assert found.dtype == torch.float32
    assert found.tolist() == pytest.approx(expected)


def weights_of(scores: list[float]) -> Tensor:
    count = len(scores)
    return score_weights(torch.tensor(scores), torch.zeros(count).long(), torch.ones(count).bool())


def test_best_counts_most_and_all_count_one_in_the_mean() -> None:
    assert weights_of([0.1, 0.9, 0.3, -0.2]).tolist() == [0.75, 1.75, 1.25, 0.25]
    assert weights_of([0.5, 0.5, 0.5]).tolist() == [1, 1, 1]
    assert weights_of([0.5]).tolist() == [1]


def test_images_all_count_one_without_synthetic_ones() -> None:
    labels, real = torch.tensor([0, 1]), torch.tensor([False, False])
    assert score_weights(torch.full((2,), torch.nan), labels, real).tolist() == [1, 1]
