import pytest
import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import functional as vision

from sau.views.crop import crop_flip, random_crop_flip
from sau.views.draws import SharedGenerator
from sau.views.options import CropFill


@pytest.mark.parametrize(("fill", "mode"), [("black", "constant"), ("reflect", "reflect")])
def test_crop_equals_torchvision_image_by_image(
    fill: CropFill, mode: str, pictures: Tensor, generator: Generator
) -> None:
    count, _, height, width = pictures.shape
    top = torch.randint(0, 7, (count,), generator=generator)
    left = torch.randint(0, 7, (count,), generator=generator)
    flip = torch.rand(count, generator=generator) < 0.5
    found = crop_flip(pictures, 3, top, left, flip, fill)
    for place in range(count):
        padded = vision.pad(pictures[place], [3, 3, 3, 3], padding_mode=mode)
        expected = vision.crop(padded, int(top[place]), int(left[place]), height, width)
        expected = vision.horizontal_flip(expected) if flip[place] else expected
        assert torch.equal(found[place], expected)


def test_offsets_are_equally_likely_and_half_are_flipped(generator: Generator) -> None:
    # One bright pixel left of the centre tells where the window was, and on which side.
    images = torch.zeros(6000, 3, 9, 9)
    images[:, :, 4, 2] = 1
    found = random_crop_flip(images, 1, True, generator)[:, 0]
    rows, columns = found.sum(dim=2).argmax(dim=1), found.sum(dim=1).argmax(dim=1)
    seen = (9 * rows + columns).bincount(minlength=81).view(9, 9)
    expected = torch.zeros(9, 9)
    expected[3:6, 1:4] = expected[3:6, 5:8] = 1 / 18
    assert (seen / 6000 - expected).abs().max() < 0.012


def test_crop_without_flip_and_padding_changes_nothing(
    pictures: Tensor, generator: Generator
) -> None:
    assert torch.equal(random_crop_flip(pictures, 0, False, generator), pictures)


def test_flips_that_are_given_are_not_drawn(pictures: Tensor, generator: Generator) -> None:
    shared = SharedGenerator.like(generator)
    shared.images, shared.rows = 2 * len(pictures), torch.arange(len(pictures)) * 2
    shared.flips = torch.arange(2 * len(pictures)) % 4 == 0
    found = random_crop_flip(pictures, 0, True, shared)
    assert torch.equal(found[::2], pictures[::2].flip(3))
    assert torch.equal(found[1::2], pictures[1::2])
