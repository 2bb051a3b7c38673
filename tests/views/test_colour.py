from collections.abc import Callable

import pytest
import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import functional as vision

from sau.views import colour

PAIRS = [
    (colour.adjust_brightness, vision.adjust_brightness, 0.0, 2.0),
    (colour.adjust_contrast, vision.adjust_contrast, 0.0, 2.0),
    (colour.adjust_saturation, vision.adjust_saturation, 0.0, 2.0),
    (colour.adjust_hue, vision.adjust_hue, -0.5, 0.5),
]


@pytest.fixture
def unit(pictures: Tensor) -> Tensor:
    images = pictures.float() / 255
    images[0] = images[0, :1]  # grey: no hue
    images[1] = 0
    images[2] = 1
    return images


@pytest.mark.parametrize(("mine", "theirs", "low", "high"), PAIRS)
def test_adjustment_equals_torchvision_image_by_image(
    mine: Callable[[Tensor, Tensor], Tensor],
    theirs: Callable[[Tensor, float], Tensor],
    low: float,
    high: float,
    unit: Tensor,
    generator: Generator,
) -> None:
    factors = torch.rand(len(unit), generator=generator) * (high - low) + low
    expected = [theirs(image, float(f)) for image, f in zip(unit, factors, strict=True)]
    torch.testing.assert_close(mine(unit, factors), torch.stack(expected), atol=3e-6, rtol=0)


def test_grey_equals_torchvision(unit: Tensor) -> None:
    torch.testing.assert_close(colour.grey(unit), vision.rgb_to_grayscale(unit), atol=1e-6, rtol=0)


def test_order_differs_and_each_change_is_made_once(generator: Generator) -> None:
    """Stand-ins that append a digit: the result is the order in which they were called."""
    stand_ins = tuple(
        (lambda images, factors, digit=digit: images * 10 + digit) for digit in (1, 2, 3, 4)
    )
    strengths = (0.4, 0.4, 0.4, 0.1)
    found = colour.random_colour_jitter(
        torch.zeros(6000, 3, 1, 1), strengths, 0.8, generator, stand_ins
    )
    orders, counts = found[:, 0, 0, 0].int().unique(return_counts=True)
    assert orders[0] == 0
    assert abs(counts[0] / 6000 - 0.2) < 0.02
    assert len(orders) == 25
    assert all(sorted(str(int(order))) == list("1234") for order in orders[1:])
    assert (counts[1:] / 6000 - 0.8 / 24).abs().max() < 0.012


def test_factors_are_uniform(generator: Generator) -> None:
    seen: dict[int, list[Tensor]] = {kind: [] for kind in range(4)}

    def stand_in(kind: int) -> Callable[[Tensor, Tensor], Tensor]:
        def keep(images: Tensor, factors: Tensor) -> Tensor:
            seen[kind].append(factors)
            return images

        return keep

    images, strengths = torch.zeros(4000, 3, 1, 1), (0.4, 0.3, 0.2, 0.1)
    stand_ins = tuple(map(stand_in, range(4)))
    colour.random_colour_jitter(images, strengths, 1.0, generator, stand_ins)
    ranges = [(0.6, 1.4), (0.7, 1.3), (0.8, 1.2), (-0.1, 0.1)]
    for kind, (low, high) in enumerate(ranges):
        values = torch.cat(seen[kind])
        assert len(values) == 4000
        expected = torch.linspace(low, high, 11)
        found = torch.quantile(values, torch.linspace(0, 1, 11))
        assert (found - expected).abs().max() < 0.06 * (high - low)


def test_strength_zero_changes_nothing(unit: Tensor, generator: Generator) -> None:
    found = colour.random_colour_jitter(unit, (0.0, 0.0, 0.0, 0.0), 1.0, generator)
    assert torch.equal(found, unit)


def test_greyscale_share(generator: Generator) -> None:
    images = torch.rand(4000, 3, 1, 1, generator=generator)
    found = colour.random_greyscale(images, 0.2, generator)
    is_grey = found.amax(dim=(1, 2, 3)) == found.amin(dim=(1, 2, 3))
    assert abs(is_grey.float().mean() - 0.2) < 0.02
    assert torch.equal(found[~is_grey], images[~is_grey])
