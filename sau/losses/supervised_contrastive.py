"""The supervised contrastive loss of two views."""

import torch
from torch import Tensor

from sau.losses.shapes import Shapes


def supervised_contrastive_loss(
    embeddings: Tensor, labels: Tensor, temperature: float = 0.1
) -> Tensor:
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

    Raises:
        ValueError: other shapes.
    """
    Shapes().floats("embeddings", embeddings, "B 2 d").integers("labels", labels, "B")
    with torch.autocast(embeddings.device.type, enabled=False):
        vectors = embeddings.float().transpose(0, 1).flatten(0, 1)
        groups = labels.repeat(2)
        similarity = vectors @ vectors.T / temperature
        itself = torch.eye(len(groups), dtype=torch.bool, device=labels.device)
        positive = (groups[:, None] == groups) & ~itself
        log_denominator = similarity.masked_fill(itself, -torch.inf).logsumexp(dim=1)
        mean_positive = (similarity * positive).sum(dim=1) / positive.sum(dim=1)
        return (log_denominator - mean_positive).mean()
