"""The operations that AutoAugment and RandAugment choose from, on batches of bytes."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from sau.device.transfer import upload
from sau.views.blends import change_contrast, saturate, sharpen
from sau.views.moves import move
from sau.views.steps import Step
from sau.views.tones import retone
from sau.views.torchvision_functions import vision

Change = Callable[[Tensor, Sequence[Step], int], Tensor]
"""A function of uint8 (B, 3, H, W), a step for each image, and the number of levels."""


def _stretch(images: Tensor, steps: Sequence[Step], levels: int) -> Tensor:
    del steps, levels
    stretched: Tensor = vision().autocontrast(images)
    return stretched


def _equalize(images: Tensor, steps: Sequence[Step], levels: int) -> Tensor:
    del steps, levels
    equalized: Tensor = vision().equalize(images)
    return equalized


CHANGES: dict[str, Change] = {
    **dict.fromkeys(("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"), move),
    **dict.fromkeys(("Identity", "Brightness", "Posterize", "Solarize", "Invert"), retone),
    "Color": saturate,
    "Contrast": change_contrast,
    "Sharpness": sharpen,
    "AutoContrast": _stretch,
    "Equalize": _equalize,
}
"""What does each operation; operations with the same function are done at once."""


def apply_steps(images: Tensor, steps: Sequence[Step | None], levels: int) -> None:
    """Change each image by a step of its own, in place; None leaves an image as it is.

    All images whose operations have one function are changed at once, whatever their levels, so
    that a batch costs a device a few dozen calls and never waits for it. Each image gets what
    torchvision would give it alone, but that a few colours in a thousand may round to the next
    value. Pixels that come in from outside are black.

    Args:
        images: uint8 (B, 3, H, W).
        steps: B of them.
        levels: how many levels there are.
    """
    groups: dict[Change, tuple[list[int], list[Step]]] = {}
    for image, step in enumerate(steps):
        if step is not None:
            members, chosen = groups.setdefault(CHANGES[step[0]], ([], []))
            members.append(image)
            chosen.append(step)
    for change, (members, chosen) in groups.items():
        index = upload(torch.tensor(members), images.device)
        images[index] = change(images[index], chosen, levels)
