"""How sure networks are of an image, and whether they agree with its class."""

import torch
from torch import Tensor


def verdict(probabilities: Tensor, agreement: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return what the mean probabilities p of M networks say of N images, with y an image's class.

    Args:
        probabilities: p, the mean over the networks, float32 (N, C).
        agreement: share of the networks whose likeliest class is y, float32 (N,).
        labels: int64 (N,), y.

    Returns columns of the scores manifest, each float32 (N,): `entropy` = -sum_k p_k ln p_k, from 0
        to ln C, high where the networks are unsure (predictive entropy; Gal, Islam and Ghahramani,
        ICML 2017); `agreement`; and `loss` = -ln p_y, at most 87 where p_y is 0 in float32.
    """
    of_label = probabilities.gather(1, labels[:, None])[:, 0]
    return {
        "entropy": torch.special.entr(probabilities).sum(dim=1),
        "agreement": agreement,
        "loss": -of_label.clamp(torch.finfo(torch.float32).tiny, 1).log(),
    }
