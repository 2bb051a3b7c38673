"""Which synthetic samples look like another class than the one they were made for."""

from typing import Literal

import torch
from torch import Tensor

from sau.losses.shapes import Shapes
from sau.neighbours.bank import EmbeddingBank

Vote = Literal["majority", "unanimous", "similarity_weighted"]

VOTE_TEMPERATURE = 0.07
"""Of the similarity-weighted vote: tau of Wu et al. 2018."""


@torch.no_grad()
def find_noise(
    features: Tensor,
    labels: Tensor,
    is_synthetic: Tensor,
    prototypes: Tensor,
    neighbours: int = 1,
    *,
    vote: Vote = "majority",
    bank: EmbeddingBank | None = None,
    among_batch: bool = True,
) -> Tensor:
    """Find the synthetic samples whose nearest real neighbours do not agree with their label.

    In each view on its own, the k nearest real embeddings vote for a class: those of the batch's
    real samples and the prototypes, or, where there is a bank, all those in it. A
    synthetic sample is noise unless the votes of both views are its label.

    Near is a large inner product. Of vectors of length 1 it is the cosine; prototypes that are
    plain means are shorter, the more so the more their class is spread, and seem as much further
    away, as in the published code.

    The votes:

    - `majority`: most neighbours; classes with as many are distinguished by the sum of their
      similarities.
    - `unanimous`: all neighbours have the sample's label.
    - `similarity_weighted`: the largest sum of exp(similarity / 0.07), which takes similarities
      below 0 for what they are, weak votes (Wu et al., "Unsupervised Feature Learning via
      Non-Parametric Instance Discrimination", CVPR 2018, section 3.4).

    Where two classes are equal in that too, the one with the nearest neighbour wins.

    Args:
        features: float (B, 2, d), the embeddings of views 2 and 3, of length 1.
        labels: int64 (B,), 0 to C - 1.
        is_synthetic: bool (B,).
        prototypes: float (C, 2, d), in the order of the classes; not read if there is a bank.
        neighbours: k, at least 1; where fewer real ones exist, all of them vote.
        vote: see above.
        bank: embeddings of all real images. Without one, nothing here waits for the device.
        among_batch: whether the batch's real samples are candidates without a bank; if not, the
            prototypes are the only ones.

    Returns bool (B,), True for noise; never True for a real sample.

    Raises:
        ValueError: other shapes, or no neighbours.

    Source: SAU (ICONIP 2024), label correction; k is in its formula, its code has k = 1. Searching
    all real embeddings is an extension.
    """
    check_samples(features, labels, is_synthetic, prototypes)
    if neighbours < 1:
        raise ValueError(f"neighbours: {neighbours}, expected at least 1")
    if bank is None:
        barred = is_synthetic if among_batch else torch.ones_like(is_synthetic)
        similarity, found = _nearest_in_batch(features, labels, barred, prototypes, neighbours)
    else:
        similarity, found = bank.nearest_in_each_view(features, neighbours)
    agrees = _agrees(similarity.flatten(0, 1), found.flatten(0, 1), labels.repeat(2), vote)
    return is_synthetic & ~agrees.view(2, -1).all(dim=0)


def check_samples(
    features: Tensor, labels: Tensor, is_synthetic: Tensor, prototypes: Tensor
) -> None:
    """Refuse samples or prototypes of other shapes than `find_noise` says; raises ValueError."""
    shapes = Shapes().floats("features", features, "B 2 d").integers("labels", labels, "B")
    shapes.booleans("is_synthetic", is_synthetic, "B").floats("prototypes", prototypes, "C 2 d")


def _nearest_in_batch(
    features: Tensor, labels: Tensor, barred: Tensor, prototypes: Tensor, neighbours: int
) -> tuple[Tensor, Tensor]:
    """Return similarities, float (2, B, k), largest first, and labels of neighbours in each view.

    Candidates are the samples that are not barred and the prototypes. Where there are fewer than k,
    the rest are barred ones, with a similarity of minus infinity.
    """
    queries = features.transpose(0, 1)
    candidates = torch.cat([queries, prototypes.transpose(0, 1)], dim=1)
    prototype_labels = torch.arange(len(prototypes), device=labels.device)
    candidate_labels = torch.cat([labels, prototype_labels])
    barred = torch.cat([barred, torch.zeros_like(prototype_labels, dtype=torch.bool)])
    similarity = (queries @ candidates.transpose(1, 2)).masked_fill(barred, -torch.inf)
    nearest, index = similarity.topk(min(neighbours, len(barred)), dim=2)
    return nearest, candidate_labels[index]


def _agrees(similarity: Tensor, found: Tensor, labels: Tensor, vote: Vote) -> Tensor:
    """Return whether the vote of each sample's neighbours, (B, k) each, is its label, bool (B,).

    A neighbour at minus infinity is none.
    """
    if vote == "unanimous":
        # A neighbour that is none needs no care: the others are the prototypes of all classes then.
        return (found == labels[:, None]).all(dim=1)
    present = ~similarity.isneginf()
    # What a neighbour's class gets from another: (B, k, k), with no regard to how many classes.
    same = (found[:, :, None] == found[:, None]) & present[:, None]
    if vote == "similarity_weighted":
        weights = ((similarity - similarity[:, :1]) / VOTE_TEMPERATURE).exp()
        score = (same * weights[:, None]).sum(dim=2)
    else:
        votes = same.sum(dim=2)
        support = (same * similarity.masked_fill(~present, 0)[:, None]).sum(dim=2)
        score = support.masked_fill(votes < votes.amax(dim=1, keepdim=True), -torch.inf)
    winner = found.gather(1, score.argmax(dim=1, keepdim=True))
    return winner[:, 0] == labels
