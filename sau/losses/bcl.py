"""The balanced contrastive loss: every class is in every batch, and weighs the same."""

import torch
from torch import Tensor


def balanced_contrastive_loss(
    embeddings: Tensor, labels: Tensor, centres: Tensor, temperature: float
) -> Tensor:
    """Return the mean over 2 B anchors i of -mean over positives j of log p_ij, float32 ().

    The batch's vectors are joined by one centre for each class (class-complement). p_ij =
    exp(z_i.z_j / t) / sum over classes c of the mean over c's vectors k of exp(z_i.z_k / t)
    (class-averaging). The positives are the vectors of i's class and its centre; neither j nor k is
    i itself, and i does not count for the mean of its class. Centres are no anchors.

    Args:
        embeddings: z, float (B, 2, d), two views of each image, of length 1.
        labels: int64 (B,), 0 to C - 1.
        centres: float (C, d), of length 1; gradients flow through them as well.
        temperature: t, above 0.

    Source: Zhu et al., "Balanced Contrastive Learning for Long-Tailed Visual Recognition" (CVPR
    2022), equation of L_BCL.
    """
    with torch.autocast(embeddings.device.type, enabled=False):
        anchors = embeddings.float().transpose(0, 1).flatten(0, 1)
        classes = torch.arange(len(centres), device=labels.device)
        groups = torch.cat([labels.repeat(2), classes])
        similarity = anchors @ torch.cat([anchors, centres.float()]).T / temperature
        itself = torch.eye(len(anchors), len(groups), dtype=torch.bool, device=labels.device)
        same = groups[: len(anchors), None] == groups
        members = (groups == classes[:, None]).sum(dim=1)
        # Dividing by the size of k's class: i's own is one smaller for i.
        sizes = members[groups] - same.int()
        weighted = (similarity - sizes.log()).masked_fill(itself, -torch.inf)
        positive = same & ~itself
        mean_positive = (similarity * positive).sum(dim=1) / positive.sum(dim=1)
        return (weighted.logsumexp(dim=1) - mean_positive).mean()
