import pytest
import torch
from torch import Generator, Tensor
from torchvision.transforms import v2

from sau.views import rand_augment as module
from sau.views.operations import apply_steps
from sau.views.rand_augment import LEVELS, OPERATIONS, rand_augment
from sau.views.steps import SIGNED
from tests.views.oracle import assert_same

ORACLE = v2.RandAugment(num_ops=2, magnitude=10)


def test_space_is_torchvisions() -> None:
    assert list(OPERATIONS) == list(ORACLE._AUGMENTATION_SPACE)
    assert ORACLE.num_magnitude_bins == LEVELS


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("level", [0, 10, 30])
@pytest.mark.parametrize("negative", [False, True])
def test_operation_equals_torchvisions(
    name: str, level: int, negative: bool, pictures: Tensor
) -> None:
    levels_of, signed = ORACLE._AUGMENTATION_SPACE[name]
    assert signed == (name in SIGNED)
    if negative and not signed:
        return
    levels = levels_of(LEVELS, *pictures.shape[2:])
    strength = 0.0 if levels is None else float(levels[level]) * (-1 if negative else 1)
    found = pictures.clone()
    apply_steps(found, [(name, level, negative)] * len(found), LEVELS)
    for image, mine in zip(pictures, found, strict=True):
        theirs = ORACLE._apply_image_or_video_transform(
            image, name, strength, interpolation=v2.InterpolationMode.NEAREST, fill={}
        )
        assert_same(mine, theirs, name)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_result_is_one_that_torchvision_can_give(
    steps: int, pictures: Tensor, generator: Generator
) -> None:
    """With two operations there are few outcomes, and each image has one of them."""
    image = pictures[0]
    outcomes = {image.numpy().tobytes(): 1.0}
    for _ in range(steps):
        nexts: dict[bytes, float] = {}
        for data, chance in outcomes.items():
            before = torch.frombuffer(bytearray(data), dtype=torch.uint8).view(image.shape)
            for name, negative, share in (
                ("ShearX", False, 0.25),
                ("ShearX", True, 0.25),
                ("Solarize", False, 0.5),
            ):
                after = before[None].clone()
                apply_steps(after, [(name, 10, negative)], LEVELS)
                key = after.numpy().tobytes()
                nexts[key] = nexts.get(key, 0.0) + chance * share
        outcomes = nexts
    found = rand_augment(
        image.expand(3000, *image.shape), steps, 10, generator, ("ShearX", "Solarize")
    )
    seen: dict[bytes, int] = {}
    for mine in found:
        seen[mine.numpy().tobytes()] = seen.get(mine.numpy().tobytes(), 0) + 1
    assert seen.keys() == outcomes.keys()
    assert all(abs(seen[key] / 3000 - chance) < 0.035 for key, chance in outcomes.items())


def test_operations_are_equally_likely(
    pictures: Tensor, generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[str, int, bool]] = []
    monkeypatch.setattr(module, "apply_steps", lambda images, steps, levels: drawn.extend(steps))
    rand_augment(pictures[:1].expand(7000, 3, 16, 12), 2, 10, generator)
    assert len(drawn) == 14000
    assert {level for _, level, _ in drawn} == {10}
    for name in OPERATIONS:
        negative = [sign for kind, _, sign in drawn if kind == name]
        assert abs(len(negative) - 1000) < 130
        share = sum(negative) / len(negative)
        assert abs(share - 0.5) < 0.07 if name in SIGNED else share == 0


def test_input_is_left_alone(pictures: Tensor, generator: Generator) -> None:
    before = pictures.clone()
    rand_augment(pictures, 2, 10, generator)
    assert torch.equal(pictures, before)
