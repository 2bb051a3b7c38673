import pytest
import torch
from torch import Generator, Tensor
from torchvision.transforms import v2

from sau.views.auto_augment import CIFAR10_POLICY, LEVELS, auto_augment
from sau.views.operations import apply_steps
from sau.views.steps import SIGNED
from tests.views.oracle import assert_same

ORACLE = v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10)
STEPS = sorted({(name, level) for pair in CIFAR10_POLICY for name, _, level in pair})


def test_policy_is_torchvisions() -> None:
    theirs = [
        tuple((name, chance, level or 0) for name, chance, level in pair)
        for pair in ORACLE._policies
    ]
    assert theirs == list(CIFAR10_POLICY)


@pytest.mark.parametrize(("name", "level"), STEPS)
@pytest.mark.parametrize("negative", [False, True])
def test_operation_equals_torchvisions(
    name: str, level: int, negative: bool, pictures: Tensor
) -> None:
    levels_of, signed = ORACLE._AUGMENTATION_SPACE[name]
    assert signed == (name in SIGNED)
    if negative and not signed:
        return
    levels = levels_of(10, *pictures.shape[2:])
    strength = 0.0 if levels is None else float(levels[level]) * (-1 if negative else 1)
    found = pictures.clone()
    apply_steps(found, [(name, level, negative)] * len(found), LEVELS)
    for image, mine in zip(pictures, found, strict=True):
        theirs = ORACLE._apply_image_or_video_transform(
            image, name, strength, interpolation=v2.InterpolationMode.NEAREST, fill={}
        )
        assert_same(mine, theirs, name)


def test_image_gets_its_own_two_steps(pictures: Tensor, generator: Generator) -> None:
    """A policy of marks that can be told from the result."""
    marks = (
        (("Invert", 1.0, 0), ("Invert", 1.0, 0)),
        (("Invert", 1.0, 0), ("Posterize", 0.0, 9)),
    )
    images = pictures.repeat(20, 1, 1, 1)
    found = auto_augment(images, generator, marks)
    same = (found == images).flatten(1).all(dim=1)
    inverted = (found == 255 - images).flatten(1).all(dim=1)
    assert (same | inverted).all()
    assert 0.4 < same.float().mean() < 0.6


def test_probability_and_sign(generator: Generator) -> None:
    step = ("Brightness", 0.3, 9)
    images = torch.full((4000, 3, 2, 2), 100, dtype=torch.uint8)
    found = auto_augment(images, generator, [(step, ("Invert", 0.0, 0))])
    darker, brighter = (found[:, 0, 0, 0] < 100).float(), (found[:, 0, 0, 0] > 100).float()
    assert abs(darker.mean() - 0.15) < 0.02
    assert abs(brighter.mean() - 0.15) < 0.02


def test_input_is_left_alone(pictures: Tensor, generator: Generator) -> None:
    before = pictures.clone()
    auto_augment(pictures, generator)
    assert torch.equal(pictures, before)
