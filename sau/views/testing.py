"""The views of a test image whose probabilities are averaged."""

from collections.abc import Iterator

import torch.nn.functional as F
from torch import Tensor

from sau.views.options import TestViews


def views_at_test(images: Tensor, kind: TestViews) -> Iterator[tuple[float, Tensor]]:
    """Yield the views of normalised images (B, 3, H, W), of the same shape, with their weights.

    `whole`: the images; `flip`: they and their mirror images, half each; `flip_and_shift`: half of
    the weight as in `flip`, half on both moved by a pixel to the lower right and to the upper left,
    where what comes in is reflected at the border.

    Source of the latter: Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (2024), section
    3.5, there with the mean of the scores.
    """
    if kind == "whole":
        yield 1.0, images
        return
    yield from _both_sides(images, 1.0 if kind == "flip" else 0.5)
    if kind == "flip_and_shift":
        height, width = images.shape[2:]
        padded = F.pad(images, (1, 1, 1, 1), mode="reflect")
        for start in (0, 2):
            moved = padded[:, :, start : start + height, start : start + width]
            yield from _both_sides(moved, 0.25)


def _both_sides(images: Tensor, weight: float) -> Iterator[tuple[float, Tensor]]:
    yield weight / 2, images
    yield weight / 2, images.flip(3)
