from typing import get_args

import pytest
import torch
from torch import Generator, Tensor

from sau.views import Normalisation, ViewName, ViewOptions, ViewSet, view
from sau.views.draws import SharedGenerator

ROWS = torch.tensor([1, 2, 5, 8, 9, 15, 23])


@pytest.mark.parametrize("view_set", get_args(ViewSet))
@pytest.mark.parametrize("name", get_args(ViewName))
def test_views_of_some_images_are_those_of_all(
    name: ViewName, view_set: ViewSet, pictures: Tensor
) -> None:
    """Twice, so that the draws of both calls are taken from where the other call left off."""
    pictures = pictures[:, :, :12]
    normalisation = Normalisation((0.5, 0.4, 0.3), (0.2, 0.25, 0.3))
    options = ViewOptions(normalisation, crop_padding=2, cutout_size=4, view_set=view_set)
    generator = Generator().manual_seed(3)
    shared = SharedGenerator.like(generator)
    shared.images, shared.rows = len(pictures), ROWS
    for _ in range(2):
        whole = view(name, pictures, options, generator)
        some = view(name, pictures[ROWS], options, shared)
        torch.testing.assert_close(some, whole[ROWS], rtol=1e-5, atol=1e-5)
    assert torch.equal(generator.get_state(), shared.get_state())
