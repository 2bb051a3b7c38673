"""Our views of a batch against torchvision's transforms of one PIL image at a time.

Pillow rounds after each operation, and some operations in another way, so single images differ by
a grey level or so: what must agree is how the views are distributed.
"""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import ks_2samp
from torch import Generator, Tensor
from torchvision.transforms import v2

from sau.views import CutoutFill, Normalisation, ViewName, ViewOptions, view

SIGNIFICANCE = 0.001
"""Of each Kolmogorov-Smirnov test; the seeds are fixed."""

IMAGES, DRAWS = 3, 600
"""Fixed images, and views of each."""

# No byte is the mean colour, so that only a hole of Cutout has it.
NORMALISATION = Normalisation((0.5, 0.5, 0.5), (0.2, 0.25, 0.3))

CIFAR = ViewOptions(NORMALISATION)
IMAGENET = ViewOptions(NORMALISATION, view_set="imagenet", crop_size=28)

JITTER = v2.RandomApply([v2.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8)
CROP = (v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip())
WINDOW = (v2.RandomResizedCrop(28, scale=(0.08, 1.0)), v2.RandomHorizontalFlip())


def sim_augment(greyscale: float = 0.2) -> tuple[v2.Transform, ...]:
    window = v2.RandomResizedCrop(32, scale=(0.2, 1.0)), v2.RandomHorizontalFlip()
    blur = v2.RandomApply([v2.GaussianBlur(3, (0.1, 2.0))], p=0.5)
    return *window, JITTER, v2.RandomGrayscale(greyscale), blur


def rand_augment(magnitude: int = 10) -> tuple[v2.Transform, ...]:
    return *WINDOW, v2.ColorJitter(0.4, 0.4, 0.4), v2.RandAugment(2, magnitude)


SIM_AUGMENT, RAND_AUGMENT = sim_augment(), rand_augment()
AUTO_AUGMENT = (*CROP, v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10))  # Cutout comes after it
COLOUR = (*WINDOW, JITTER, v2.RandomGrayscale(0.2))


@functools.cache
def pictures() -> Tensor:
    """Smooth colours with some noise, bright and dark, uint8 (IMAGES, 3, 32, 32)."""
    generator = Generator().manual_seed(4)
    coarse = torch.rand(IMAGES, 3, 5, 5, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (32, 32), mode="bilinear")
    noise = torch.rand(IMAGES, 3, 32, 32, generator=generator)
    strength = torch.tensor([0.6, 0.8, 1.0]).view(IMAGES, 1, 1, 1)
    return (255 * strength * (0.75 * smooth + 0.25 * noise)).to(torch.uint8)


def ours(name: ViewName, options: ViewOptions) -> Tensor:
    """Return views with the normalisation undone, 0 to 1, float32 (IMAGES, DRAWS, 3, S, S)."""
    images = pictures().repeat_interleave(DRAWS, dim=0)
    views = view(name, images, options, Generator().manual_seed(int(name[1])))
    mean, std = torch.tensor(NORMALISATION.mean), torch.tensor(NORMALISATION.std)
    unit = views * std.view(3, 1, 1) + mean.view(3, 1, 1)
    return unit.unflatten(0, (IMAGES, DRAWS))


@functools.cache
def theirs(transforms: tuple[v2.Transform, ...]) -> Tensor:
    """Return the same of torchvision's transforms, each image through them on its own."""
    pipeline = v2.Compose(transforms)
    with torch.random.fork_rng():
        torch.manual_seed(6)
        views = [
            np.asarray(pipeline(image))
            for image in map(Image.fromarray, pictures().permute(0, 2, 3, 1).numpy())
            for _ in range(DRAWS)
        ]
    unit = torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2) / 255
    return unit.unflatten(0, (IMAGES, DRAWS))


def cut(views: Tensor, fill: float) -> Tensor:
    """Cutout in plain NumPy: `fill` in a square of 16 pixels, its centre anywhere."""
    generator = np.random.default_rng(7)
    result = views.numpy().copy()
    for image in result.reshape(-1, 3, 32, 32):
        row, column = generator.integers(0, 32, 2)
        image[:, max(row - 8, 0) : row + 8, max(column - 8, 0) : column + 8] = fill
    return torch.from_numpy(result)


def grey(views: Tensor) -> Tensor:
    return v2.functional.rgb_to_grayscale(views)[..., 0, :, :]


def edge_energy(views: Tensor) -> Tensor:
    brightness = grey(views)
    return sum(brightness.diff(dim=axis).abs().mean(dim=(-2, -1)) for axis in (-2, -1))


def share_of(colour: float) -> Callable[[Tensor], Tensor]:
    return lambda views: ((views - colour).abs() < 1e-6).all(dim=-3).float().mean(dim=(-2, -1))


STATISTICS: dict[str, Callable[[Tensor], Tensor]] = {
    "brightness": lambda views: grey(views).mean(dim=(-2, -1)),
    "contrast": lambda views: grey(views).std(dim=(-2, -1)),
    "saturation": lambda views: (views.amax(dim=-3) - views.amin(dim=-3)).mean(dim=(-2, -1)),
    "edge energy": edge_energy,
    "black": share_of(0.0),
    "mean colour": share_of(0.5),
}
"""Of each view: (..., 3, S, S) to (...)."""


def p_values(mine: Tensor, other: Tensor) -> dict[str, float]:
    """Return the Kolmogorov-Smirnov test's p for each statistic.

    The images are pooled after the same scaling of both sides, else they would differ by more
    among each other than a changed parameter changes them.
    """
    values = {}
    for name, statistic in STATISTICS.items():
        pair = torch.stack([statistic(mine), statistic(other)])
        scale = pair.std(dim=(0, 2), keepdim=True).clamp(min=1e-6)
        first, second = ((pair - pair.mean(dim=(0, 2), keepdim=True)) / scale).flatten(1).numpy()
        values[name] = float(ks_2samp(first, second, method="asymp").pvalue)
    return values


def regions(views: Tensor) -> Tensor:
    """Return the mean of each of 4 x 4 regions: (IMAGES, DRAWS, 3, 4, 4)."""
    side = views.shape[-1] // 4
    return views.unflatten(-1, (4, side)).unflatten(-3, (4, side)).mean(dim=(-3, -1))


def largest_gaps(mine: Tensor, other: Tensor) -> tuple[float, float]:
    """Return the largest difference of a region's mean, and of its variance, in standard errors."""
    gaps = []
    centred = [regions(mine), regions(other)]
    for _ in ("mean", "variance"):
        difference = centred[0].mean(dim=1) - centred[1].mean(dim=1)
        error = sum(part.var(dim=1) / DRAWS for part in centred) ** 0.5
        gaps.append(float((difference.abs() / error).max()))
        centred = [(part - part.mean(dim=1, keepdim=True)) ** 2 for part in centred]
    return gaps[0], gaps[1]


def assert_alike(mine: Tensor, other: Tensor) -> None:
    found = p_values(mine, other)
    assert min(found.values()) > SIGNIFICANCE, found
    assert max(largest_gaps(mine, other)) < 5


@pytest.mark.parametrize(
    ("name", "options", "transforms"),
    [
        ("v1", CIFAR, CROP),
        ("v3", CIFAR, SIM_AUGMENT),
        ("v1", IMAGENET, RAND_AUGMENT),
        ("v2", IMAGENET, COLOUR),
        ("v3", IMAGENET, COLOUR),
    ],
)
def test_views_are_distributed_as_torchvisions(
    name: ViewName, options: ViewOptions, transforms: tuple[v2.Transform, ...]
) -> None:
    assert_alike(ours(name, options), theirs(transforms))


@pytest.mark.parametrize(("fill", "colour"), [("mean", 0.5), ("black", 0.0)])
def test_auto_augment_with_cutout_is_distributed_as_torchvisions(
    fill: CutoutFill, colour: float
) -> None:
    mine = ours("v2", dataclasses.replace(CIFAR, cutout_fill=fill))
    assert_alike(mine, cut(theirs(AUTO_AUGMENT), colour))


def test_changed_parameter_is_noticed() -> None:
    """The same comparison fails where it must, so that it says something where it does not."""
    more_grey = p_values(ours("v3", CIFAR), theirs(sim_augment(greyscale=0.35)))
    assert more_grey["saturation"] < SIGNIFICANCE
    stronger = p_values(ours("v1", IMAGENET), theirs(rand_augment(magnitude=14)))
    assert stronger["black"] < SIGNIFICANCE
    mean_hole = dataclasses.replace(CIFAR, cutout_fill="mean")
    uncut = p_values(ours("v2", mean_hole), theirs(AUTO_AUGMENT))
    assert uncut["mean colour"] < SIGNIFICANCE
    assert uncut["contrast"] < SIGNIFICANCE
