"""Synthetic samples of a batch by class: how many, how many called noise, and how many rightly."""

import torch
from torch import Tensor

from sau.losses.shapes import Shapes

COUNTED = 4
"""Synthetic samples, those called noise, those whose label is wrong, and those that are both."""


def noise_counts(
    labels: Tensor,
    is_synthetic: Tensor,
    noise: Tensor,
    classes: int,
    true_labels: Tensor | None = None,
) -> Tensor:
    """Count a batch's synthetic samples by the class that their label names.

    Nothing here waits for the device.

    Args:
        labels: int64 (B,), 0 to C - 1.
        is_synthetic: bool (B,).
        noise: bool (B,), those that were called noise; only synthetic ones are counted.
        classes: C.
        true_labels: int64 (B,), what the images truly show; None: unknown.

    Returns int64 (C, 4): synthetic, noise, wrong, and noise that is wrong; the latter two are 0
    where the truth is unknown.

    Raises:
        ValueError: other shapes.
    """
    shapes = Shapes().integers("labels", labels, "B").booleans("is_synthetic", is_synthetic, "B")
    shapes.booleans("noise", noise, "B")
    called = is_synthetic & noise
    if true_labels is None:
        wrong = torch.zeros_like(called)
    else:
        shapes.integers("true_labels", true_labels, "B")
        wrong = is_synthetic & (true_labels != labels)
    found = torch.stack([is_synthetic, called, wrong, called & wrong])
    belongs = labels == torch.arange(classes, device=labels.device)[:, None]
    return (belongs[:, None] & found).sum(dim=2)
