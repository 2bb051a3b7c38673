import pytest
import torch
from torch import Generator, Tensor

from sau.views import TestViews, views_at_test


def mean_over_views(images: Tensor, kind: TestViews) -> Tensor:
    """Each view marked by where each pixel went, so that the mean says what was shown."""
    return torch.stack([weight * view for weight, view in views_at_test(images, kind)]).sum(dim=0)


def moved(image: list[list[float]], down: int, right: int) -> list[list[float]]:
    """An image moved by whole pixels, reflected at its border, by plain loops."""
    height, width = len(image), len(image[0])

    def place(at: int, size: int) -> int:
        at = abs(at)
        return at if at < size else 2 * (size - 1) - at

    return [
        [image[place(row - down, height)][place(column - right, width)] for column in range(width)]
        for row in range(height)
    ]


def mirrored(image: list[list[float]]) -> list[list[float]]:
    return [row[::-1] for row in image]


@pytest.mark.parametrize("kind", ["whole", "flip", "flip_and_shift"])
def test_weighted_mean_of_views(kind: TestViews, generator: Generator) -> None:
    images = torch.randn(2, 3, 4, 5, generator=generator)
    found = mean_over_views(images, kind)
    shifts = [(0, 0, 1.0)]
    if kind == "flip_and_shift":
        shifts = [(0, 0, 0.5), (1, 1, 0.25), (-1, -1, 0.25)]
    for place in range(2):
        for channel in range(3):
            image = images[place, channel].tolist()
            expected = torch.zeros(4, 5)
            for down, right, weight in shifts:
                view = moved(image, down, right)
                sides = [view] if kind == "whole" else [view, mirrored(view)]
                expected += weight * torch.tensor(sides).mean(dim=0)
            torch.testing.assert_close(found[place, channel], expected)
