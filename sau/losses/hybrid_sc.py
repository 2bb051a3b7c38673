"""The supervised contrastive loss of two views, and its share in a hybrid network's training."""

import torch
from torch import Tensor


def supervised_contrastive_loss(embeddings: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Return the mean over 2 B anchors i of -mean over positives j of log p_ij, float32 ().

    p_ij = exp(z_i.z_j / t) / sum over k of exp(z_i.z_k / t), with neither j nor k equal to i; the
    positives are all vectors of i's class, the other view of its own image among them.

    Args:
        embeddings: z, float (B, 2, d), two views of each image, of length 1.
        labels: int64 (B,).
        temperature: t, above 0.

    Source: Khosla et al., "Supervised Contrastive Learning" (NeurIPS 2020), L_out; Wang et al.,
    "Contrastive Learning based Hybrid Networks for Long-Tailed Image Classification" (CVPR 2021),
    where it is a sum over the batch.
    """
    with torch.autocast(embeddings.device.type, enabled=False):
        vectors = embeddings.float().transpose(0, 1).flatten(0, 1)
        groups = labels.repeat(2)
        similarity = vectors @ vectors.T / temperature
        itself = torch.eye(len(groups), dtype=torch.bool, device=labels.device)
        positive = (groups[:, None] == groups) & ~itself
        log_denominator = similarity.masked_fill(itself, -torch.inf).logsumexp(dim=1)
        mean_positive = (similarity * positive).sum(dim=1) / positive.sum(dim=1)
        return (log_denominator - mean_positive).mean()


def contrastive_share(epoch: int, epochs: int) -> float:
    """Return alpha = 1 - (T / T_max)^2, the weight of the contrastive loss in `epoch`.

    T counts from 0: the first of the `epochs` learns from the contrastive loss alone, and later
    ones ever more from the cross-entropy.

    Source: Wang et al. (CVPR 2021), the parabolic decay.
    """
    return 1 - ((epoch - 1) / epochs) ** 2
