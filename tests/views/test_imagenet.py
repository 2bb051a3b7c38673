import dataclasses

import pytest
import torch
from torch import Generator, Tensor
from torchvision.transforms import v2

from sau.core.errors import ArgumentError
from sau.views import (
    VIEW_SETS,
    Normalisation,
    ViewName,
    ViewOptions,
    compose,
    rand_augment_view,
    view,
)

OPTIONS = ViewOptions(
    Normalisation((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)), view_set="imagenet", crop_size=14
)


@pytest.fixture
def squares(pictures: Tensor) -> Tensor:
    return torch.cat([pictures, pictures[:, :, :, :4]], dim=3)


@pytest.mark.parametrize("name", VIEW_SETS["imagenet"])
@pytest.mark.parametrize(("crop_size", "side"), [(14, 14), (20, 20), (None, 16)])
def test_size_range_and_repeatability(
    name: ViewName, crop_size: int | None, side: int, squares: Tensor
) -> None:
    options = dataclasses.replace(OPTIONS, crop_size=crop_size)
    before = torch.get_rng_state()
    views = [view(name, squares, options, Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), before)
    assert views[0].shape == (24, 3, side, side)
    assert views[0].dtype == torch.float32
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])
    for bound in (0, 255):
        limit = options.normalisation.from_bytes(torch.full_like(views[0], bound))
        assert ((views[0] - limit) * (1 if bound == 0 else -1)).min() >= -1e-5


@pytest.mark.parametrize("name", VIEW_SETS["imagenet"])
@pytest.mark.parametrize("flip", [False, True])
def test_horizontal_flip_can_be_switched_off(
    name: ViewName, flip: bool, generator: Generator
) -> None:
    """Dark to the left, bright to the right: only a flip turns that round."""
    ramp = torch.linspace(40, 210, 16).to(torch.uint8).expand(400, 3, 16, 16).contiguous()
    options = dataclasses.replace(OPTIONS, horizontal_flip=flip)
    views = view(name, ramp, options, generator).mean(dim=(1, 2))
    turned = (views[:, 7:].mean(dim=1) < views[:, :7].mean(dim=1)).float().mean()
    # RandAugment's Solarize and black borders turn some round as well.
    most = 0.2 if VIEW_SETS["imagenet"][name] is rand_augment_view else 0.01
    assert abs(turned - 0.5) < 0.1 if flip else turned < most


@pytest.mark.parametrize("stored", [16, 24, 10])
def test_centre_equals_torchvisions(stored: int, squares: Tensor) -> None:
    """14 pixels of 16, as 224 of 256: another size is brought to 16 first."""
    images = v2.functional.resize(squares, [stored, stored])
    oracle = v2.Compose(
        [
            v2.ToDtype(torch.float32, scale=True),
            v2.Resize(16),
            v2.CenterCrop(14),
            v2.Normalize((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)),
        ]
    )
    torch.testing.assert_close(compose.test_view(images, OPTIONS), oracle(images))


def test_whole_image_is_tested_without_crop_size(squares: Tensor) -> None:
    options = dataclasses.replace(OPTIONS, crop_size=None)
    found = compose.test_view(squares, options)
    assert torch.equal(found, options.normalisation.from_bytes(squares))


def test_images_that_are_no_squares_are_refused(pictures: Tensor, generator: Generator) -> None:
    with pytest.raises(ArgumentError, match="^view_set: imagenet .* 16 x 12 pixels; resize them"):
        compose.test_view(pictures, OPTIONS)
    with pytest.raises(ArgumentError, match="16 x 12 pixels"):
        view("v2", pictures, OPTIONS, generator)
