import math

import pytest
import torch
from torch import Generator, Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as vision

from sau.views.resized_crop import draw_windows, resized_crop_flip

SCALE, RATIO = (0.2, 1.0), (3 / 4, 4 / 3)


@pytest.mark.parametrize("antialias", [False, True])
def test_resized_crop_equals_torchvision_image_by_image(
    antialias: bool, pictures: Tensor, generator: Generator
) -> None:
    images = pictures.float() / 255
    count, _, height, width = images.shape
    windows = draw_windows(count, (height, width), SCALE, RATIO, generator)
    flip = torch.rand(count, generator=generator) < 0.5
    found = resized_crop_flip(images, windows, flip)
    for place in range(count):
        box = windows[place].tolist()
        theirs = vision.resized_crop(images[place], *box, [height, width], antialias=antialias)
        theirs = vision.horizontal_flip(theirs) if flip[place] else theirs
        torch.testing.assert_close(found[place], theirs, atol=2e-6, rtol=0)


@pytest.mark.parametrize("size", [(5, 7), (14, 8), (16, 5), (40, 30)])
def test_resized_crop_equals_torchvision_at_another_size(
    size: tuple[int, int], pictures: Tensor, generator: Generator
) -> None:
    """Windows that shrink in both axes, in one or in none."""
    images = pictures.float() / 255
    windows = draw_windows(len(images), (16, 12), (0.08, 1.0), RATIO, generator)
    windows[0] = torch.tensor([0, 0, 16, 12])
    windows[1] = torch.tensor([15, 11, 1, 1])
    flip = torch.rand(len(images), generator=generator) < 0.5
    found = resized_crop_flip(images, windows, flip, size)
    assert found.shape == (len(images), 3, *size)
    for place, (top, left, height, width) in enumerate(windows.tolist()):
        window = top, left, height, width, list(size)
        exact = vision.resized_crop(images[place], *window, antialias=True)
        rounded = vision.resized_crop(pictures[place], *window, antialias=True)
        mine = found[place].flip(2) if flip[place] else found[place]
        torch.testing.assert_close(mine, exact, atol=2e-6, rtol=0)
        # Bytes are averaged with weights in fixed point, and rounded after each axis.
        torch.testing.assert_close(255 * mine, rounded.float(), atol=1.1, rtol=0)


def test_windows_are_distributed_as_torchvisions(generator: Generator) -> None:
    size, count = (32, 24), 3000
    mine = draw_windows(count, size, SCALE, RATIO, generator).double()
    oracle = v2.RandomResizedCrop(size, SCALE, RATIO)
    blank = torch.zeros(3, *size)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        drawn = [oracle.make_params([blank]) for _ in range(count)]
    theirs = torch.tensor([[d["top"], d["left"], d["height"], d["width"]] for d in drawn]).double()
    for column in range(4):
        grid = torch.linspace(0, 1, 21, dtype=torch.float64)
        gap = torch.quantile(mine[:, column], grid) - torch.quantile(theirs[:, column], grid)
        assert gap.abs().mean() < 0.7  # pixels


def test_windows_lie_in_the_image(generator: Generator) -> None:
    top, left, height, width = draw_windows(500, (7, 31), SCALE, RATIO, generator).unbind(1)
    assert (top >= 0).all()
    assert (top + height <= 7).all()
    assert (left >= 0).all()
    assert (left + width <= 31).all()


@pytest.mark.parametrize(
    ("size", "expected"), [((4, 400), (4, round(4 * 4 / 3))), ((400, 4), (round(4 * 4 / 3), 4))]
)
def test_central_window_where_none_fits(
    size: tuple[int, int], expected: tuple[int, int], generator: Generator
) -> None:
    window = draw_windows(3, size, (1.0, 1.0), RATIO, generator)
    assert window[:, 2:].tolist() == [list(expected)] * 3
    centre = window[0, :2] + window[0, 2:] / 2
    assert math.dist(centre.tolist(), (size[0] / 2, size[1] / 2)) <= 1
