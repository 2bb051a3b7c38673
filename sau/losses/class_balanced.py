"""Weights of classes by their effective number of images."""

import torch
from torch import Tensor


def effective_number_weights(counts: Tensor, beta: float) -> Tensor:
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
