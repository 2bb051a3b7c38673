"""Weights of real and synthetic images that leave each class its whole weight."""

import torch
from torch import Tensor

from sau.losses.shapes import Shapes


def domain_weights(
    labels: Tensor, is_synthetic: Tensor, classes: int, real_weight: float
) -> Tensor:
    """Let a real image count `real_weight` times what a synthetic one of its class counts.

    Of n images of a class, r of them real, a synthetic one has the weight n / (R r + n - r) and a
    real one R times that: their mean is 1 in each class. What a class lacks in real images is its
    need: the fewer it has, the more each of them counts, up to R; in a class of real images alone
    each counts 1.

    Args:
        labels: int64 (N,), 0 to C - 1.
        is_synthetic: bool (N,).
        classes: C.
        real_weight: R, above 0.

    Returns float32 (N,).

    Raises:
        ValueError: other shapes, or a weight that is not above 0.
    """
    shapes = Shapes().integers("labels", labels, "N")
    shapes.booleans("is_synthetic", is_synthetic, "N")
    if not real_weight > 0:
        raise ValueError(f"real_weight: {real_weight}, expected above 0")
    each = torch.where(is_synthetic, 1.0, real_weight)
    belongs = labels == torch.arange(classes, device=labels.device)[:, None]
    sizes = belongs.sum(dim=1)
    totals = (belongs * each).sum(dim=1)
    return each * (sizes / totals)[labels]
