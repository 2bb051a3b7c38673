"""Weights of images that say how little a network trusts itself with them."""

import torch
from torch import Tensor

SMALLEST = 1e-4
"""No image is left out altogether."""


def confidence_weights(confidence: Tensor, temperature: float) -> Tensor:
    """Return exp(-t s_i), scaled to a mean of 1 in the batch and then cut to 0.0001 to 1.

    Args:
        confidence: s, float (B,), 0 to 1: the largest class probability of each image.
        temperature: t, at least 0; 0 gives 1 for each.

    Returns float32 (B,).

    Source: the published code of Li et al., "SURE: SUrvey REcipes for building reliable and robust
    deep networks" (CVPR 2024), re-weighting of type "exp".
    """
    # A softmax is exp scaled to a sum of 1.
    shares = torch.softmax(-temperature * confidence.float(), dim=0)
    return (len(shares) * shares).clamp(SMALLEST, 1.0)
