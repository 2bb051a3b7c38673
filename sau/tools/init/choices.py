"""Settings that fit a data set, from its counts and sizes."""

import dataclasses
from collections.abc import Sequence

_MANY, _FEW = 100, 20
"""The bounds of many- and few-shot classes in the field (Liu et al., CVPR 2019)."""

PRETRAINED = "tf_efficientnet_lite0"
"""The network whose ImageNet weights come as a package (the extra `pretrained`)."""

_LARGER_SIDES = (32, 48, 64, 96, 128, 160, 192, 224)
"""Pixels of a side that a pretrained network is given, up to those it was trained with."""
_SIDES = (32, 48, 64)
"""Pixels of a side that a small network from scratch is given."""
_LARGE_MEMORY = 2 * 2**30
"""Bytes of pixels up to which all images are decoded ahead."""


@dataclasses.dataclass(frozen=True)
class Machine:
    """What trains: whether there is a CUDA GPU, and pretrained weights of `PRETRAINED`."""

    has_gpu: bool
    has_weights: bool = False


@dataclasses.dataclass(frozen=True)
class Choices:
    """Settings of a config, under the names of its keys.

    With pretrained weights, `input_size` is the side that the network sees, and on a CPU its
    classifier alone learns; else it is None.
    """

    image_size: int
    input_size: int | None
    many_above: int
    few_at_most: int
    epochs: int
    batch_size: int
    decode: str
    device: str


def choose(counts: Sequence[int], shorter_sides: Sequence[int], machine: Machine) -> Choices:
    """Choose settings for a network with ImageNet's weights, or from scratch if there are none.

    Args:
        counts: training images of each class, each at least 1.
        shorter_sides: of the images, in pixels.
        machine: that trains.
    """
    images = sum(counts)
    largest = _largest_side(machine)
    image_size = _image_size(shorter_sides, largest, machine)
    many_above, few_at_most = shot_bounds(counts)
    held = images * 3 * image_size**2
    return Choices(
        image_size=image_size,
        input_size=largest if machine.has_weights else None,
        many_above=many_above,
        few_at_most=few_at_most,
        epochs=_epochs(images, machine),
        batch_size=128 if images >= 5000 else 64,
        decode="on_demand" if held > _LARGE_MEMORY else "ahead",
        device="cuda" if machine.has_gpu else "cpu",
    )


def shot_bounds(counts: Sequence[int]) -> tuple[int, int]:
    """Return above how many images a class is many-shot, and up to how many it is few-shot.

    The field's bounds where all three kinds are there by them; else about a third of the classes
    is of each kind.
    """
    ordered = sorted(counts)
    kinds = {"many" if n > _MANY else "few" if n <= _FEW else "medium" for n in ordered}
    if len(kinds) == 3:
        return _MANY, _FEW
    third = max(len(ordered) // 3, 1)
    few, many = ordered[third - 1], ordered[len(ordered) - third - 1]
    return max(many, few, 1), few


def _largest_side(machine: Machine) -> int:
    """Return the side that the machine bears."""
    if machine.has_weights:
        return _LARGER_SIDES[-1] if machine.has_gpu else 96
    return _SIDES[-1] if machine.has_gpu else _SIDES[-2]


def _image_size(shorter_sides: Sequence[int], largest: int, machine: Machine) -> int:
    """Return the largest side that most images have and that the machine bears."""
    median = sorted(shorter_sides)[len(shorter_sides) // 2]
    sides = _LARGER_SIDES if machine.has_weights else _SIDES
    return max((side for side in sides if side <= min(median, largest)), default=sides[0])


def _epochs(images: int, machine: Machine) -> int:
    """Return how often all images are seen: longer on small sets, on a GPU, and from scratch."""
    if machine.has_weights:
        seen, least, most = (40_000, 20, 60) if machine.has_gpu else (10_000, 5, 60)
    else:
        seen, least, most = (4_000_000, 60, 200) if machine.has_gpu else (100_000, 15, 60)
    return min(max(round(seen / images), least), most)
