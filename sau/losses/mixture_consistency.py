"""The consistency of two mixtures of the same images."""

import torch
import torch.nn.functional as F
from torch import Tensor


def mixture_consistency(first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> Tensor:
    """Return -cos(p1, sg(z2)) - cos(p2, sg(z1)), averaged over the batch; sg stops the gradient.

    Computed in float32, also under autocast.

    Args:
        first: projections z1 and predictions p1 of one mixture, float (B, d) each.
        second: those of the other mixture.

    Returns float32 (), -2 to 2.

    Source: Du et al., "Global and Local Mixture Consistency Cumulative Learning for Long-Tailed
    Visual Recognitions" (CVPR 2023), L_sim; after Chen and He, "Exploring Simple Siamese
    Representation Learning" (CVPR 2021), equations 1 to 4.
    """
    with torch.autocast(first[0].device.type, enabled=False):
        (z1, p1), (z2, p2) = ([part.float() for part in pair] for pair in (first, second))
        similarity = F.cosine_similarity(p1, z2.detach()) + F.cosine_similarity(p2, z1.detach())
        return -similarity.mean()
