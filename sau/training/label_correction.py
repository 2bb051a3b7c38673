"""Which synthetic samples look like another class than the one they were made for."""

import torch
from torch import Tensor


@torch.no_grad()
def find_noise(
    features: Tensor, labels: Tensor, is_synthetic: Tensor, prototypes: Tensor, neighbours: int
) -> Tensor:
    """Find the synthetic samples whose nearest real neighbours do not agree with their label.

    In each view on its own, the k nearest of the batch's real samples and of the prototypes vote
    for a class. A synthetic sample is noise unless the votes of both views are its label.

    Args:
        features: float (B, 2, d), the embeddings of views 2 and 3, of length 1.
        labels: int64 (B,), 0 to C - 1.
        is_synthetic: bool (B,).
        prototypes: float (C, 2, d), in the order of the classes, of length 1.
        neighbours: k, at least 1; where fewer real ones exist, all of them vote.

    Returns bool (B,), True for noise; never True for a real sample.

    Source: SAU (ICONIP 2024), label correction; k is in its formula, its code has k = 1.
    """
    agrees = [
        _vote(features[:, view], labels, is_synthetic, prototypes[:, view], neighbours) == labels
        for view in (0, 1)
    ]
    return is_synthetic & ~(agrees[0] & agrees[1])


def _vote(
    features: Tensor, labels: Tensor, is_synthetic: Tensor, prototypes: Tensor, neighbours: int
) -> Tensor:
    """Return the class, int64 (B,), that the nearest real neighbours of each sample vote for.

    Most votes win; classes with as many votes are told apart by the sum of their similarities.
    """
    classes = len(prototypes)
    similarity = features @ torch.cat([features, prototypes]).T
    prototype_labels = torch.arange(classes, device=labels.device)
    candidate_labels = torch.cat([labels, prototype_labels])
    is_real = torch.cat([~is_synthetic, torch.ones_like(prototype_labels, dtype=torch.bool)])
    similarity = similarity.masked_fill(~is_real, -torch.inf)
    nearest, index = similarity.topk(min(neighbours, len(is_real)), dim=1)
    # Beyond the last real candidate come synthetic ones, at -inf: they have no vote.
    valid = nearest.isfinite()
    belongs = candidate_labels[index][:, :, None] == prototype_labels
    belongs = belongs & valid[:, :, None]
    votes = belongs.sum(dim=1)
    support = (belongs * nearest.masked_fill(~valid, 0)[:, :, None]).sum(dim=1)
    winners = votes == votes.amax(dim=1, keepdim=True)
    return support.masked_fill(~winners, -torch.inf).argmax(dim=1)
