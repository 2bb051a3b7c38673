"""How similar samples are to each class, so that no class is nearer for having more images."""

import torch
from torch import Tensor

from sau.losses.shapes import Shapes

LEAST_SPREAD = 1e-6
"""Of similarities to a class that are all the same, in place of 0."""


@torch.no_grad()
def class_similarities(
    queries: Tensor,
    candidates: Tensor,
    candidate_labels: Tensor,
    barred: Tensor,
    classes: int,
    *,
    nearest: int = 1,
    tau: float = 0.0,
) -> Tensor:
    """Return each query's mean inner product with its m nearest candidates of each class.

    With m = 1 and `tau` 0 the class of the largest one is that of the nearest neighbour. Of a class
    with fewer than m candidates, all are taken. With n_c candidates of class c and N in all,
    tau * log(n_c / N) is subtracted: the largest of n values grows like log n where their
    tail is exponential, so that frequent classes are nearest for their number alone.

    Every step has fixed shapes; nothing waits for the device.

    Args:
        queries: float (B, 2, d), each view compared with the candidates' same view.
        candidates: float (M, 2, d).
        candidate_labels: int64 (M,), 0 to C - 1; each class at least once among those not barred.
        barred: bool (M,), candidates that are none.
        classes: C.
        nearest: m, at least 1.
        tau: at least 0, in units of similarity.

    Returns float32 (B, 2, C).

    Raises:
        ValueError: other shapes, or m below 1.

    Source: the frequency's term is that of Menon et al., "Long-Tail Learning via Logit Adjustment"
    (ICLR 2021), equation 10, subtracted after the fact as in their section 4.1.
    """
    shapes = Shapes().floats("queries", queries, "B 2 d").floats("candidates", candidates, "M 2 d")
    shapes.integers("candidate_labels", candidate_labels, "M").booleans("barred", barred, "M")
    if nearest < 1:
        raise ValueError(f"nearest: {nearest}, expected at least 1")
    similarity = queries.float().transpose(0, 1) @ candidates.float().permute(1, 2, 0)
    similarity = similarity.masked_fill(barred, -torch.inf)
    # By falling similarity, then, stably, by class: every row then has the classes in one order.
    similarity, order = similarity.sort(dim=2, descending=True, stable=True)
    by_class = candidate_labels[order].argsort(dim=2, stable=True)
    similarity = similarity.gather(2, by_class)
    means, counts = _means_of_the_first(candidate_labels, barred, classes, nearest)
    similar = similarity.masked_fill(similarity.isneginf(), 0.0) @ means
    return (similar - tau * (counts / counts.sum()).log()).transpose(0, 1)


def _means_of_the_first(
    labels: Tensor, barred: Tensor, classes: int, nearest: int
) -> tuple[Tensor, Tensor]:
    """Return what averages the first `nearest` of each class, float32 (M, C), and counts, (C,).

    Rows are candidates sorted by class; those that are barred stand last in theirs.
    """
    belongs = labels.sort().values[:, None] == torch.arange(classes, device=labels.device)
    place = belongs.cumsum(dim=0) - 1
    everyone = torch.arange(classes, device=labels.device) == labels[:, None]
    counts = (everyone & ~barred[:, None]).sum(dim=0)
    taken = counts.clamp(max=nearest)
    return (belongs & (place < taken)).float() / taken.clamp(min=1), counts.float()


@torch.no_grad()
def standardised(similarities: Tensor, rows: Tensor) -> Tensor:
    """Give the similarities to each class mean 0 and deviation 1 over some samples, by view.

    A class to which all samples are similar, as to one of which there are many images, is no
    longer nearer than others.

    Args:
        similarities: float (B, 2, C).
        rows: bool (B,), the samples that mean and deviation are of, such as the synthetic ones.

    Returns float (B, 2, C).

    Raises:
        ValueError: other shapes.
    """
    Shapes().floats("similarities", similarities, "B 2 C").booleans("rows", rows, "B")
    weights = rows.to(similarities.dtype)[:, None, None]
    count = weights.sum().clamp(min=1)
    centred = similarities - (weights * similarities).sum(dim=0) / count
    spread = ((weights * centred.square()).sum(dim=0) / count).sqrt()
    return centred / spread.clamp(min=LEAST_SPREAD)
