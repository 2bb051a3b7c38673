"""Embeddings of the real images at an epoch's start, and their means by class and view."""

from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.data.batches import Batch
from sau.networks.protocol import MethodNetwork
from sau.views import ViewName

PROTOTYPE_VIEWS: tuple[ViewName, ViewName] = ("v2", "v3")

PIECE = 4096
"""Embeddings summed at once by `prototypes_of`, with as many times C floats beside them."""


def class_prototypes(
    network: MethodNetwork, batches: Iterable[Batch], classes: int, *, normalise: bool = True
) -> Tensor:
    """Embed images and average them by class; no embedding is kept.

    Args:
        network: one with a projection head.
        batches: the real training images in views `v2` and `v3`; each class at least once.
        classes: C.
        normalise: see `prototypes_of`.

    Returns float32 (C, 2, d).
    """
    return _class_means(embedded_batches(network, batches), classes, normalise)


def prototypes_of(
    embeddings: Tensor,
    labels: Tensor,
    classes: int,
    *,
    normalise: bool = True,
    piece: int = PIECE,
) -> Tensor:
    """Average embeddings by class, in each view.

    Args:
        embeddings: float32 (N, 2, d), such as `embed_all` returns.
        labels: int64 (N,), 0 to C - 1; each class at least once.
        classes: C.
        normalise: scale each mean to length 1, as in the paper. False leaves it as it is, as in
            the published code: the more a class is spread, the shorter its prototype, and the
            smaller all its inner products.
        piece: embeddings that are summed at once.

    Returns float32 (C, 2, d).

    Source: SAU (ICONIP 2024), prototypes.
    """
    pieces = zip(torch.split(embeddings, piece), torch.split(labels, piece), strict=True)
    return _class_means(pieces, classes, normalise)


def filled_prototypes(
    embeddings: Tensor,
    labels: Tensor,
    is_synthetic: Tensor,
    classes: int,
    least: int,
    *,
    normalise: bool = True,
) -> Tensor:
    """Average the real embeddings of each class, and synthetic ones where there are fewer than m.

    A class with r < m real images takes the m - r synthetic ones whose embeddings have the largest
    inner products, summed over the views, with the direction of its real mean: a mean of few images
    is known badly. If it has too few, it takes all.

    Args:
        embeddings: float32 (N, 2, d), of all images.
        labels: int64 (N,), 0 to C - 1; each class with a real image at least.
        is_synthetic: bool (N,).
        classes: C.
        least: m, at least 1.
        normalise: see `prototypes_of`.

    Returns float32 (C, 2, d).
    """
    means = _weighted_means(embeddings, labels, ~is_synthetic, classes, normalise=True)
    likeness = (embeddings * means[labels]).sum(dim=(1, 2)).masked_fill(~is_synthetic, torch.inf)
    order = likeness.argsort(descending=True, stable=True)
    order = order[labels[order].argsort(stable=True)]
    belongs = labels[order].bincount(minlength=classes)
    place = torch.arange(len(labels), device=labels.device)
    # Within its class; the real ones stand first.
    place = place - (belongs.cumsum(0) - belongs)[labels[order]]
    taken = ~is_synthetic
    taken[order] = taken[order] | (place < least)
    return _weighted_means(embeddings, labels, taken, classes, normalise=normalise)


def _weighted_means(
    embeddings: Tensor, labels: Tensor, taken: Tensor, classes: int, *, normalise: bool
) -> Tensor:
    """Return `prototypes_of` of the images that are taken, bool (N,); nothing is picked out."""
    beyond = torch.where(taken, labels, classes)  # of no class
    return prototypes_of(embeddings, beyond, classes, normalise=normalise)


def embed_all(network: MethodNetwork, batches: Iterable[Batch]) -> tuple[Tensor, Tensor]:
    """Embed views 2 and 3 of all images of the batches; see `embedded_batches`.

    Returns the embeddings, float32 (N, 2, d), and the labels, int64 (N,), in the batches' order.
    """
    found = list(embedded_batches(network, batches))
    embeddings, labels = (torch.cat(parts) for parts in zip(*found, strict=True))
    return embeddings, labels


@torch.no_grad()
def embedded_batches(
    network: MethodNetwork, batches: Iterable[Batch]
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield embeddings of views 2 and 3, and labels, batch by batch.

    The network is in eval mode meanwhile, and then in the mode in which it was.

    Args:
        network: one with a projection head.
        batches: with the views `v2` and `v3`; of processes that share a batch, each gets all its
            embeddings.

    Yields float32 (b, 2, d), of length 1, and int64 (b,).
    """
    was_training = network.training
    network.eval()
    for batch in batches:
        views = [network.embeddings(batch.views[name]) for name in PROTOTYPE_VIEWS]
        embeddings = torch.stack(views, dim=1)
        yield batch.share.gather(embeddings) if batch.share else embeddings, batch.labels
    network.train(was_training)


def _class_means(batches: Iterable[tuple[Tensor, Tensor]], classes: int, normalise: bool) -> Tensor:
    """Return the means by class, (C, 2, d), of batches of embeddings (b, 2, d) and labels (b,)."""
    total: Tensor | None = None
    count: Tensor | None = None
    for embeddings, labels in batches:
        class_index = torch.arange(classes, device=labels.device)
        # A matrix product, unlike scattered adding, sums in the same order on every device.
        belongs = (class_index[:, None] == labels).float()
        part = torch.tensordot(belongs, embeddings, dims=1)
        total = part if total is None else total + part
        members = belongs.sum(dim=1)
        count = members if count is None else count + members
    assert total is not None
    assert count is not None
    return F.normalize(total, dim=2) if normalise else total / count[:, None, None]
