"""Weights of classes by how few images they have."""

import torch
from torch import Tensor


def effective_number_weights(counts: Tensor, beta: float = 0.9999) -> Tensor:
    """Return weights proportional to (1 - beta) / (1 - beta^n), with mean 1 over the classes.

    Args:
        counts: n, int64 (C,), not all 0; a class without images has weight 0.
        beta: 0 gives equal weights; the nearer to 1, the nearer to inverse frequencies.

    Returns float32 (C,).

    Source: Cui et al., "Class-Balanced Loss Based on Effective Number of Samples" (CVPR 2019),
    equation 4.
    """
    effective = 1 - torch.full_like(counts, beta, dtype=torch.float64).pow(counts)
    weights = (1 / effective).masked_fill(counts == 0, 0.0)
    return (len(weights) * weights / weights.sum()).float()


def inverse_frequency_weights(counts: Tensor, power: float = 1.0) -> Tensor:
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
