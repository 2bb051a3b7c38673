import pytest
import torch
from torch import Generator, Tensor

from sau.views import (
    VIEW_SETS,
    Normalisation,
    ViewName,
    ViewOptions,
    auto_augment_view,
    compose,
    view,
)

OPTIONS = ViewOptions(Normalisation((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)), cutout_size=4)


@pytest.mark.parametrize("name", VIEW_SETS["cifar"])
def test_shape_range_and_repeatability(name: ViewName, pictures: Tensor) -> None:
    views = [view(name, pictures, OPTIONS, Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert views[0].shape == pictures.shape
    assert views[0].dtype == torch.float32
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])
    low = -torch.tensor(OPTIONS.normalisation.mean) / torch.tensor(OPTIONS.normalisation.std)
    assert (views[0] >= low.view(3, 1, 1) - 1e-5).all()


@pytest.mark.parametrize("name", VIEW_SETS["cifar"])
def test_global_generator_is_not_touched(name: ViewName, pictures: Tensor) -> None:
    before = torch.get_rng_state()
    view(name, pictures, OPTIONS, Generator().manual_seed(1))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", VIEW_SETS["cifar"])
def test_horizontal_flip_can_be_switched_off(name: ViewName, generator: Generator) -> None:
    """Dark to the left, bright to the right: only a flip turns that round."""
    ramp = torch.linspace(60, 190, 16).to(torch.uint8).expand(300, 3, 16, 16)
    for flip, turned in ((False, 0.0), (True, 0.5)):
        options = ViewOptions(Normalisation((0, 0, 0), (1, 1, 1)), flip, 0, 0)
        views = view(name, ramp.contiguous(), options, generator).mean(dim=(1, 2))
        slope = views[:, 8:].mean(dim=1) - views[:, :8].mean(dim=1)
        # Invert and Solarize turn it round as well.
        if VIEW_SETS["cifar"][name] is auto_augment_view:
            assert flip == ((slope < -0.01).float().mean() > 0.3)
        else:
            assert abs((slope < 0).float().mean() - turned) < 0.1


def test_test_view_is_the_normalised_image(pictures: Tensor) -> None:
    found = compose.test_view(pictures, OPTIONS)
    assert torch.equal(found, OPTIONS.normalisation.from_bytes(pictures))


def test_normalisation_is_per_channel(pictures: Tensor, generator: Generator) -> None:
    options = ViewOptions(OPTIONS.normalisation, False, 0, 0)
    found = view("v1", pictures, options, generator)
    for channel, (mean, std) in enumerate(zip((0.5, 0.4, 0.3), (0.2, 0.25, 0.3), strict=True)):
        expected = (pictures[:, channel] / 255 - mean) / std
        torch.testing.assert_close(found[:, channel], expected)


def test_hole_of_cutout_can_be_black(pictures: Tensor) -> None:
    """The same hole in the same image, and nothing else is changed."""
    pictures = pictures.clamp(min=1)
    found = [
        view(
            "v2",
            pictures,
            ViewOptions(OPTIONS.normalisation, False, 0, 4, cutout_fill=fill),
            Generator().manual_seed(3),
        )
        for fill in ("mean", "black")
    ]
    hole = (found[0] == 0).all(dim=1, keepdim=True).expand_as(found[0])
    black = OPTIONS.normalisation.from_bytes(torch.zeros_like(pictures))
    assert hole.any()
    assert torch.equal(found[1], torch.where(hole, black, found[0]))


def test_hole_of_cutout_has_the_mean_colour(pictures: Tensor, generator: Generator) -> None:
    options = ViewOptions(OPTIONS.normalisation, False, 0, 64, cutout_fill="mean")
    assert not view("v2", pictures, options, generator).any()


def test_grey_view_is_the_crop_with_a_fifth_of_the_images_grey(pictures: Tensor) -> None:
    images = pictures.repeat(50, 1, 1, 1)
    crop, grey = (
        view(name, images, OPTIONS, Generator().manual_seed(2)) for name in ("v1", "grey")
    )
    mean, std = torch.tensor(OPTIONS.normalisation.mean), torch.tensor(OPTIONS.normalisation.std)
    unit = grey * std.view(3, 1, 1) + mean.view(3, 1, 1)
    is_grey = (unit.amax(dim=1) - unit.amin(dim=1)).amax(dim=(1, 2)) < 1e-5
    assert abs(is_grey.float().mean() - 0.2) < 0.04
    torch.testing.assert_close(grey[~is_grey], crop[~is_grey])


@pytest.mark.parametrize("kind", ["cifar", "imagenet"])
def test_names_for_the_same_kind_of_view(kind: str) -> None:
    views = VIEW_SETS[kind]
    for name in ("v1", "v2", "v3"):
        assert views[f"{name}_again"] is views[name]
    assert views["grey_again"] is views["grey"]
    assert views["strong"] is views["v2" if kind == "cifar" else "v1"]
