"""Embeddings of the real images at an epoch's start, and their means by class and view."""

from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.data.batches import batches_of
from sau.data.sets import TrainingData
from sau.device.ranks import ALONE, Ranks
from sau.networks import Network
from sau.views import ViewName, ViewOptions

PROTOTYPE_VIEWS: tuple[ViewName, ViewName] = ("v2", "v3")

PIECE = 4096
"""Embeddings summed at once by `prototypes_of`, with as many times C floats beside them."""


def class_prototypes(
    network: Network,
    data: TrainingData,
    options: ViewOptions,
    classes: int,
    batch_size: int,
    generator: Generator,
    *,
    normalise: bool = True,
    ranks: Ranks = ALONE,
) -> Tensor:
    """Embed the real training images and average them by class; no embedding is kept.

    Args:
        network: see `embedded_batches`, as for the other arguments.
        data: the training set; each class has at least one real image.
        options: of the views.
        classes: C.
        batch_size: images embedded at once.
        generator: of the CPU, for the views.
        normalise: see `prototypes_of`.
        ranks: the processes that share the work.

    Returns float32 (C, 2, d).
    """
    batches = embedded_batches(network, data, options, batch_size, generator, ranks)
    return _class_means(batches, classes, normalise)


def prototypes_of(
    embeddings: Tensor, labels: Tensor, classes: int, *, normalise: bool = True
) -> Tensor:
    """Average embeddings by class, in each view.

    Args:
        embeddings: float32 (N, 2, d), such as `embed_real` returns.
        labels: int64 (N,), 0 to C - 1; each class at least once.
        classes: C.
        normalise: scale each mean to length 1, as in the paper. False leaves it as it is, as in
            the published code: the more a class is spread, the shorter its prototype, and the
            smaller all its inner products.

    Returns float32 (C, 2, d).

    Source: SAU (ICONIP 2024), prototypes.
    """
    pieces = zip(torch.split(embeddings, PIECE), torch.split(labels, PIECE), strict=True)
    return _class_means(pieces, classes, normalise)


def embed_real(
    network: Network,
    data: TrainingData,
    options: ViewOptions,
    batch_size: int,
    generator: Generator,
    ranks: Ranks = ALONE,
) -> tuple[Tensor, Tensor]:
    """Embed views 2 and 3 of all real training images; see `embedded_batches`.

    Returns the embeddings, float32 (N_real, 2, d), and the labels, int64 (N_real,), in the order of
    the training data.
    """
    batches = list(embedded_batches(network, data, options, batch_size, generator, ranks))
    embeddings, labels = (torch.cat(parts) for parts in zip(*batches, strict=True))
    return embeddings, labels


@torch.no_grad()
def embedded_batches(
    network: Network,
    data: TrainingData,
    options: ViewOptions,
    batch_size: int,
    generator: Generator,
    ranks: Ranks = ALONE,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield embeddings of views 2 and 3 of the real training images, and labels, by batches.

    The network is in eval mode meanwhile, and then in the mode in which it was.

    Args:
        network: one with a projection head.
        data: the training set; only its real images count.
        options: of the views.
        batch_size: images embedded at once.
        generator: of the CPU, for the views.
        ranks: the processes that share each batch; all of them get all its embeddings.

    Yields float32 (b, 2, d), of length 1, and int64 (b,).
    """
    was_training = network.training
    network.eval()
    pieces = torch.split((~data.is_synthetic).nonzero()[:, 0].cpu(), batch_size)
    for batch in batches_of(data, pieces, PROTOTYPE_VIEWS, options, generator, ranks):
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
