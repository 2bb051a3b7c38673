import math

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from sau.views import mixing


@pytest.fixture
def batches(generator: Generator) -> tuple[Tensor, Tensor]:
    first, second = torch.rand(2, 5, 3, 10, 7, generator=generator)
    return first, second + 2


def test_mixup(batches: tuple[Tensor, Tensor]) -> None:
    first, second = batches
    torch.testing.assert_close(mixing.mixup(first, second, 0.3), 0.3 * first + 0.7 * second)
    assert torch.equal(mixing.mixup(first, second, 1.0), first)


def test_mixed_labels_sum_to_one() -> None:
    found = mixing.mix_labels(torch.tensor([0, 1]), torch.tensor([2, 1]), 0.25, 3)
    torch.testing.assert_close(found, torch.tensor([[0.25, 0, 0.75], [0, 1, 0]]))


def test_weighted_labels_count_what_their_images_weigh() -> None:
    labels = torch.tensor([0, 1]), torch.tensor([2, 1])
    weights = torch.tensor([1.0, 0.5]), torch.tensor([2.0, 0.0])
    found = mixing.mix_labels(*labels, 0.25, 3, weights)
    torch.testing.assert_close(found, torch.tensor([[0.25, 0, 1.5], [0, 0.125, 0]]))


@pytest.mark.parametrize("ratio", [0.0, 0.2, 0.7, 1.0])
def test_cutmix_pastes_one_box_and_counts_its_area(
    ratio: float, batches: tuple[Tensor, Tensor]
) -> None:
    first, second = batches
    before = first.clone()
    for seed in range(20):
        mixed, kept = mixing.cutmix(first, second, ratio, np.random.default_rng(seed))
        pasted = mixed >= 2
        assert torch.equal(torch.where(pasted, second, first), mixed)
        assert (pasted == pasted[:1, :1]).all()
        assert kept == pytest.approx(1 - pasted[0, 0].float().mean().item())
        assert kept >= ratio - 1e-9
    assert torch.equal(first, before)


def test_box_is_as_large_as_the_ratio_says_unless_clipped() -> None:
    boxes = [mixing.draw_box(100, 60, 0.75, np.random.default_rng(seed)) for seed in range(200)]
    inner = [(b - t, r - q) for t, b, q, r in boxes if t > 0 and b < 100 and q > 0 and r < 60]
    assert set(inner) == {(50, 30)}
    assert all(0 <= t <= b <= 100 and 0 <= q <= r <= 60 for t, b, q, r in boxes)
    rows = [(t + b) / 2 for t, b, *_ in boxes]
    assert 42 < np.mean(rows) < 58


class Centre:
    """Stands in for a NumPy generator whose draws are known: the row, then the column."""

    def __init__(self, row: int, column: int) -> None:
        self.draws = [row, column]

    def integers(self, high: int) -> int:
        drawn = self.draws.pop(0)
        assert 0 <= drawn < high
        return drawn


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.37, 0.5, 0.75, 0.99, 1.0])
def test_box_follows_the_published_arithmetic_at_every_centre(ratio: float) -> None:
    height, width = 9, 14
    for row in range(height):
        for column in range(width):
            sides = []
            for length, centre in ((height, row), (width, column)):
                cut = int(length * math.sqrt(1.0 - ratio))  # truncated, and halved rounding down
                sides += [
                    np.clip(centre - cut // 2, 0, length),
                    np.clip(centre + cut // 2, 0, length),
                ]
            assert list(mixing.draw_box(height, width, ratio, Centre(row, column))) == sides


@pytest.mark.parametrize(
    ("ratio", "centre", "box", "pasted"),
    [
        (0.5, (16, 16), (5, 27, 5, 27), 484),  # int(32 * sqrt(0.5)) = int(22.6) = 22
        (0.5, (0, 16), (0, 11, 5, 27), 242),
        (0.5, (31, 31), (20, 32, 20, 32), 144),
        (0.75, (2, 30), (0, 10, 22, 32), 100),
        (0.0, (16, 16), (0, 32, 0, 32), 1024),
        (0.0, (0, 0), (0, 16, 0, 16), 256),
        (1.0, (7, 7), (7, 7, 7, 7), 0),
        (0.999, (7, 7), (7, 7, 7, 7), 0),  # a side of 1.01 is cut to 1, and its half to 0
    ],
)
def test_area_is_that_of_the_pixels_pasted(
    ratio: float, centre: tuple[int, int], box: tuple[int, ...], pasted: int
) -> None:
    assert mixing.draw_box(32, 32, ratio, Centre(*centre)) == box
    first, second = torch.zeros(1, 3, 32, 32), torch.ones(1, 3, 32, 32)
    mixed, kept = mixing.cutmix(first, second, ratio, Centre(*centre))
    assert int(mixed[0, 0].sum()) == pasted
    assert kept == pytest.approx(1 - pasted / 1024)


def test_centres_are_uniform_over_all_pixels() -> None:
    generator = np.random.default_rng(0)
    # A box of two pixels is never clipped at the far side, and starts one pixel before its centre.
    rows = [mixing.draw_box(5, 40, 0.8, generator)[1] - 1 for _ in range(2000)]
    assert [0.15 < rows.count(row) / 2000 < 0.25 for row in range(5)] == [True] * 5
