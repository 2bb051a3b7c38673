"""The parametric contrastive loss: class centres that are learned, and a queue of keys."""

import torch
from torch import Tensor


def parametric_contrastive_loss(
    queries: Tensor,
    labels: Tensor,
    keys: Tensor,
    key_labels: Tensor,
    centre_logits: Tensor,
    *,
    alpha: float,
    temperature: float,
) -> Tensor:
    """Return the mean over the queries i of the weighted mean over positives of -log p, float32 ().

    p is a softmax over all class centres, the other queries of the batch, and the keys: of a centre
    the logit is the classifier's, with the log prior; of a vector it is q_i.z / t. The positives
    are the centre of i's class, with weight 1, and the queries and keys of its class, with weight
    `alpha`; the sum over them is divided by the sum of their weights.

    Args:
        queries: q, float (B, d), of length 1; gradients flow through them and the logits alone.
        labels: int64 (B,), 0 to C - 1.
        keys: float (K, d), of length 1; the batch's own and the queue's.
        key_labels: int64 (K,), 0 to C - 1, or -1 for a place of the queue that is still empty: it
            stands in no sum.
        centre_logits: float (B, C), scores of the classes plus the logarithm of their priors.
        alpha: above 0.
        temperature: t, above 0.

    Source: Cui et al., "Parametric Contrastive Learning" (ICCV 2021), with the weights' sum as
    divisor as in the authors' code; the log prior is Ren et al.'s balanced softmax.
    """
    with torch.autocast(queries.device.type, enabled=False):
        queries, keys = queries.float(), keys.detach().float()
        similarity = queries @ torch.cat([queries, keys]).T / temperature
        groups = torch.cat([labels, key_labels])
        itself = torch.eye(len(labels), len(groups), dtype=torch.bool, device=labels.device)
        absent = itself | (groups < 0)
        logits = torch.cat(
            [centre_logits.float(), similarity.masked_fill(absent, -torch.inf)], dim=1
        )
        log_denominator = logits.logsumexp(dim=1)
        positive = (labels[:, None] == groups) & ~itself
        centre = logits.gather(1, labels[:, None])[:, 0]
        total = centre + alpha * (similarity * positive).sum(dim=1)
        return (log_denominator - total / (1 + alpha * positive.sum(dim=1))).mean()
