import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import functional as vision

from sau.training.views.crop import crop_flip, random_crop_flip


def test_equals_torchvision_image_by_image(pictures: Tensor, generator: Generator) -> None:
    count, _, height, width = pictures.shape
    top = torch.randint(0, 7, (count,), generator=generator)
    left = torch.randint(0, 7, (count,), generator=generator)
    flip = torch.rand(count, generator=generator) < 0.5
    found = crop_flip(pictures, 3, top, left, flip)
    for place in range(count):
        padded = vision.pad(pictures[place], [3, 3, 3, 3])
        expected = vision.crop(padded, int(top[place]), int(left[place]), height, width)
        expected = vision.horizontal_flip(expected) if flip[place] else expected
        assert torch.equal(found[place], expected)


def test_all_offsets_are_equally_likely_and_half_are_flipped(generator: Generator) -> None:
    # One bright pixel left of the centre of a row tells where the window was, and its side.
    images = torch.zeros(4000, 3, 1, 9, dtype=torch.uint8)
    images[..., 3] = 1
    row = random_crop_flip(images, 1, True, generator)[:, 0, 0]
    seen = row.argmax(dim=1)[row.any(dim=1)].bincount(minlength=9)
    assert seen.count_nonzero() == 6  # three offsets, both sides
    seen = seen[seen > 0]
    assert len(row[row.any(dim=1)]) < 4000  # rows that missed it
    assert (seen / seen.sum() - 1 / 6).abs().max() < 0.03


def test_without_flip_and_padding_nothing_changes(pictures: Tensor, generator: Generator) -> None:
    assert torch.equal(random_crop_flip(pictures, 0, False, generator), pictures)
