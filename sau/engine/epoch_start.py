"""The images that a method may look at when an epoch starts."""

from collections.abc import Iterator, Sequence

import torch
from torch import Generator

from sau.data.batches import Batch, batches_of
from sau.data.sets import TrainingData
from sau.device.ranks import ALONE, Ranks
from sau.device.transfer import upload
from sau.views import ViewName, ViewOptions, view


def real_batches(
    data: TrainingData,
    names: Sequence[ViewName],
    options: ViewOptions,
    batch_size: int,
    generator: Generator,
    ranks: Ranks = ALONE,
) -> Iterator[Batch]:
    """Yield the real images in the data's order, which processes share.

    Args:
        data: what is trained on.
        names: which views.
        options: of the views.
        batch_size: images of a batch.
        generator: of the CPU, for the views.
        ranks: the processes that share each batch.
    """
    pieces = torch.split((~data.is_synthetic).nonzero()[:, 0].cpu(), batch_size)
    return batches_of(data, pieces, names, options, generator, ranks)


def all_batches(
    data: TrainingData,
    names: Sequence[ViewName],
    options: ViewOptions,
    batch_size: int,
    generator: Generator,
) -> Iterator[Batch]:
    """Yield all images in the data's order; each process has all of them.

    The arguments are those of `real_batches`.
    """
    pieces = torch.split(torch.arange(len(data.ids)), batch_size)
    for piece, images in zip(pieces, data.images.batches(pieces), strict=True):
        places = upload(piece, data.labels.device)
        views = {name: view(name, images, options, generator) for name in names}
        yield Batch(views, data.labels[places], data.is_synthetic[places], places)
