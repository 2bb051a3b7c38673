"""Weights of classes by how rare they are."""

from torch import Tensor


def inverse_frequency_weights(counts: Tensor, power: float) -> Tensor:
    """Return C * (1 / n_c)^power / sum over classes of (1 / n)^power.

    Their mean is 1. Classes of one size give 1 for each; a class without images has weight 0.

    Args:
        counts: n, training images of each class, int64 (C,), not all 0.
        power: at least 0; 0 gives 1 for each class with images.

    Returns float32 (C,).

    Source: Du et al., "Global and Local Mixture Consistency Cumulative Learning for Long-Tailed
    Visual Recognitions" (CVPR 2023).
    """
    weights = counts.double().pow(-power).masked_fill(counts == 0, 0.0)
    return (len(weights) * weights / weights.sum()).float()
