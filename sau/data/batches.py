"""Batches of one epoch, drawn from streams that depend on seed and epoch alone."""

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from sau.core.random_streams import derive_seed, numpy_generator
from sau.data.sets import TrainingData
from sau.device.ranks import ALONE, Ranks
from sau.device.share import Share
from sau.device.transfer import upload
from sau.views import ViewName, ViewOptions, view
from sau.views.draws import SharedGenerator

CHUNK_PIXELS = 1024 * 32 * 32
"""How large the images may be, all together, whose views are made at once.

An accelerator is kept waiting by the calls that make a batch's views, of which there are as many
for one image as for a thousand; a CPU is quickest with what fits its caches. Part of a run's
identity: the order of the draws depends on it.
"""


@dataclasses.dataclass(frozen=True)
class Batch:
    """Views of B images, normalised float32 (B, 3, H, W) by name, with what is known of them.

    `labels`: int64 (B,); `is_synthetic`: bool (B,); `index`: int64 (B,), places in the training
    data. `share`: which of the B images this process has views of, where several share them; None
    for all. The rest is known of all B in any case.
    """

    views: dict[ViewName, Tensor]
    labels: Tensor
    is_synthetic: Tensor
    index: Tensor
    share: Share | None = None

    def partners_of(self, name: ViewName, partners: Tensor) -> Tensor:
        """Return a view of the images that those at hand are to be mixed with.

        Args:
            name: of the view.
            partners: of all B images, int64 (B,), 0 to B - 1.
        """
        if self.share is None:
            return self.views[name][partners]
        return self.share.gather(self.views[name])[self.share.take(partners)]


@dataclasses.dataclass(frozen=True)
class Streams:
    """The random streams of one epoch of one run: no state to save, none to restore."""

    seed: int
    epoch: int

    def torch(self, name: str) -> Generator:
        """Return torch's generator, of the CPU, for the stream called `name`."""
        generator = Generator()
        generator.manual_seed(derive_seed("training", self.seed, self.epoch, name))
        return generator

    def flips(self, count: int) -> Tensor:
        """Return which of `count` images this epoch flips, bool (count,): others than the last did.

        Source: Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (2024), section 3.6.
        """
        first = Generator()
        first.manual_seed(derive_seed("training", self.seed, "flips"))
        flipped = torch.rand(count, generator=first) < 0.5
        return ~flipped if self.epoch % 2 == 0 else flipped

    def numpy(self, name: str) -> np.random.Generator:
        """Return NumPy's generator for the stream called `name`."""
        return numpy_generator("training", self.seed, self.epoch, name)


def index_batches(
    count: int,
    batch_size: int,
    generator: Generator,
    weights: Tensor | None = None,
    steps: int = 0,
) -> list[Tensor]:
    """Return an order of 0 .. `count` - 1 in pieces, int64, on the CPU.

    The last piece may be smaller; one of a single image is left out, as BatchNorm has no
    variance of it. With `steps` all pieces are whole, and where one permutation follows another a
    piece may hold a place twice.

    Args:
        count: N.
        batch_size: of all pieces but the last.
        generator: of the CPU.
        weights: float (N,), for N draws with replacement, each as likely as its weight; None for
            a permutation.
        steps: how many pieces, one permutation following the other as long as it takes; 0: as
            many as N images fill.
    """
    total = steps * batch_size or count
    if weights is None:
        passes = math.ceil(total / count)
        order = torch.cat([torch.randperm(count, generator=generator) for _ in range(passes)])
    else:
        order = torch.multinomial(weights, total, replacement=True, generator=generator)
    return [piece for piece in torch.split(order[:total], batch_size) if len(piece) > 1]


def count_batches(count: int, batch_size: int) -> int:
    """Return how many pieces `index_batches` makes of `count` images."""
    return count // batch_size + (count % batch_size > 1)


def view_batches(
    data: TrainingData,
    names: Sequence[ViewName],
    options: ViewOptions,
    batch_size: int,
    streams: Streams,
    stream: str,
    class_weights: Tensor | None = None,
    ranks: Ranks = ALONE,
    chunk_pixels: int = CHUNK_PIXELS,
    steps: int = 0,
) -> Iterator[Batch]:
    """Yield the epoch's batches of `data`, in a random order, each with the views called `names`.

    Args:
        data: on the device where the batches should be.
        names: which views; a method that needs none gets batches without.
        options: of the views.
        batch_size: images of a batch.
        streams: of this epoch.
        stream: name of the batches' own stream, so that two of them are independent.
        class_weights: float (C,), to draw the images of some classes more often than others; None
            for each image once.
        ranks: the processes that share each batch.
        chunk_pixels: see `batches_of`.
        steps: see `index_batches`.
    """
    weights = None if class_weights is None else class_weights[data.labels].cpu()
    order = streams.torch(f"{stream} order")
    pieces = index_batches(len(data.ids), batch_size, order, weights, steps)
    draws = streams.torch(f"{stream} views")
    flips = streams.flips(len(data.ids)) if options.flips == "alternating" else None
    yield from batches_of(data, pieces, names, options, draws, ranks, chunk_pixels, flips)


def batches_of(
    data: TrainingData,
    pieces: Sequence[Tensor],
    names: Sequence[ViewName],
    options: ViewOptions,
    generator: Generator,
    ranks: Ranks = ALONE,
    chunk_pixels: int = CHUNK_PIXELS,
    flips: Tensor | None = None,
) -> Iterator[Batch]:
    """Yield a batch for each piece, on the data's device.

    Args:
        data: the images.
        pieces: int64 (b,) each, on the CPU.
        names: which views.
        options: of the views.
        generator: of the CPU; the views are the same for any number of processes.
        ranks: the processes that share each piece.
        chunk_pixels: of the images whose views are drawn at a time; one piece if that is larger.
        flips: bool (N,), which images are flipped where they are cropped, and in "again" views are
            not; None: that is drawn.
    """
    height, width = data.images.size
    at_once = max(1, chunk_pixels // (height * width * max(len(piece) for piece in pieces)))
    chunks = [pieces[start : start + at_once] for start in range(0, len(pieces), at_once)]
    whole = [torch.cat(list(chunk)) for chunk in chunks]
    rows = [_own_rows(chunk, ranks) for chunk in chunks]
    own = [places[part] for places, part in zip(whole, rows, strict=True)]
    draws = SharedGenerator.like(generator)
    made = zip(chunks, whole, rows, data.images.batches(own), strict=True)
    for chunk, on_cpu, part, images in made:
        index = upload(on_cpu, data.images.device)
        draws.images, draws.rows = len(index), part
        views: dict[ViewName, Tensor] = {}
        for name in names:
            draws.flips = None if flips is None else flips[on_cpu] ^ name.endswith("_again")
            views[name] = view(name, images, options, draws)
        start = 0
        for places in torch.split(index, [len(piece) for piece in chunk]):
            share = ranks.share(len(places))
            end = start + (share.own_rows() if share else len(places))
            parts = {name: values[start:end] for name, values in views.items()}
            yield Batch(parts, data.labels[places], data.is_synthetic[places], places, share)
            start = end


def _own_rows(pieces: Sequence[Tensor], ranks: Ranks) -> Tensor:
    """Return which rows of the pieces, one behind the other, this process has, int64 (n,)."""
    rows = torch.arange(sum(len(piece) for piece in pieces))
    parts = torch.split(rows, [len(piece) for piece in pieces])
    return torch.cat([ranks.own(part) for part in parts])
