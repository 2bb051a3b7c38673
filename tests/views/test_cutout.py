import torch
from torch import Generator

from sau.views.cutout import cutout, random_cutout


def test_hole_is_clipped_at_the_border() -> None:
    images = torch.ones(3, 3, 6, 8)
    holes = cutout(images, 4, torch.tensor([0, 3, 5]), torch.tensor([0, 4, 7]))
    expected = torch.ones(3, 6, 8)
    expected[0, :2, :2] = 0
    expected[1, 1:5, 2:6] = 0
    expected[2, 3:, 5:] = 0
    assert torch.equal(holes, expected[:, None].expand(3, 3, 6, 8))


def test_bytes_are_cut_as_well() -> None:
    holes = cutout(torch.full((1, 3, 3, 3), 255, dtype=torch.uint8), 1, *torch.tensor([[1], [2]]))
    assert holes.dtype == torch.uint8
    assert (holes[0] == 0).nonzero().tolist() == [[channel, 1, 2] for channel in range(3)]


def test_centres_are_uniform(generator: Generator) -> None:
    holes = random_cutout(torch.ones(6000, 3, 3, 4), 1, generator)
    share = 1 - holes[:, 0].mean(dim=0)
    assert (share - 1 / 12).abs().max() < 0.015
    assert torch.equal(holes[:, 0], holes[:, 2])


def test_size_zero_cuts_nothing(generator: Generator) -> None:
    assert random_cutout(torch.ones(5, 3, 4, 4), 0, generator).min() == 1
