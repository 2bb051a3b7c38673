import torch
from torch import Generator, Tensor
from torchvision.transforms import v2

from sau.views.operations import CHANGES, apply_steps
from sau.views.steps import SIGNED, Step
from tests.views.oracle import assert_same

ORACLE = v2.RandAugment()
LEVELS = 31


def random_steps(count: int, generator: Generator) -> list[Step | None]:
    names = sorted(CHANGES)
    kinds = torch.randint(len(names) + 1, (count,), generator=generator).tolist()
    levels = torch.randint(LEVELS, (count,), generator=generator).tolist()
    signs = (torch.rand(count, generator=generator) < 0.5).tolist()
    return [
        (names[kind], level, sign and names[kind] in SIGNED) if kind < len(names) else None
        for kind, level, sign in zip(kinds, levels, signs, strict=True)
    ]


def torchvisions(image: Tensor, step: Step | None) -> Tensor:
    if step is None or step[0] == "Identity":
        return image
    name, level, negative = step
    if name == "Invert":
        return 255 - image
    space = ORACLE._AUGMENTATION_SPACE[name][0](LEVELS, *image.shape[1:])
    strength = 0.0 if space is None else float(space[level]) * (-1 if negative else 1)
    return ORACLE._apply_image_or_video_transform(
        image, name, strength, interpolation=v2.InterpolationMode.NEAREST, fill={}
    )


def test_image_of_a_batch_gets_its_own_step(pictures: Tensor, generator: Generator) -> None:
    images = pictures.repeat(20, 1, 1, 1)
    steps = random_steps(len(images), generator)
    found = images.clone()
    apply_steps(found, steps, LEVELS)
    assert {step[0] for step in steps if step} == set(CHANGES)
    for image, step, mine in zip(images, steps, found, strict=True):
        assert_same(mine, torchvisions(image, step), step[0] if step else "Identity")


def test_small_images_are_not_sharpened() -> None:
    images = torch.arange(12, dtype=torch.uint8).view(1, 3, 2, 2)
    apply_steps(found := images.clone(), [("Sharpness", 30, False)], LEVELS)
    assert torch.equal(found, images)
