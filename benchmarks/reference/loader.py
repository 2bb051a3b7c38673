"""Views of random images from the workers of a DataLoader that can be told to rest."""

import multiprocessing
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks.data import RandomImages
from benchmarks.reference.views import Transform

EPOCH_IMAGES = 50_000
"""Of CIFAR. The loaders pretend to have so many, as they pause between two epochs."""

PREFETCH = 2
"""Batches that each worker makes ahead: PyTorch's default."""

Loaded = tuple[list[Tensor], Tensor, Tensor]
"""Views, each float32 (B, 3, H, W); labels, int64 (B,); whether synthetic, bool (B,)."""


class ImageSet(Dataset[tuple[list[Tensor], int, bool]]):
    """Random images over and over, each as its views.

    Args:
        images: what there is.
        transforms: one for each view.
        length: how many images there seem to be.
    """

    def __init__(
        self, images: RandomImages, transforms: Sequence[Transform], length: int = EPOCH_IMAGES
    ) -> None:
        self.images = images
        self.transforms = transforms
        self.length = length
        self.gate = multiprocessing.Event()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, place: int) -> tuple[list[Tensor], int, bool]:
        self.gate.wait()
        place %= len(self.images.labels)
        image = Image.fromarray(self.images.pixels[place])
        views = [transform(image) for transform in self.transforms]
        return views, int(self.images.labels[place]), bool(self.images.is_synthetic[place])


class Feed:
    """Batches without end, in random order; workers work only while it is open.

    So that what is timed beside it has the machine for itself. A worker that is shut out stops
    before its next image; finished batches stay in the queue, as many as when it was opened again.

    Args:
        images: what there is.
        transforms: one for each view.
        batch_size: images of a batch.
        workers: processes; with 0 the views are made where the batch is asked for.
        pin_memory: for faster copies to a GPU.
    """

    def __init__(
        self,
        images: RandomImages,
        transforms: Sequence[Transform],
        batch_size: int,
        workers: int,
        pin_memory: bool,
    ) -> None:
        self.images = ImageSet(images, transforms)
        self.loader: DataLoader[tuple[list[Tensor], int, bool]] = DataLoader(
            self.images,
            batch_size,
            shuffle=True,
            num_workers=workers,
            persistent_workers=workers > 0,
            prefetch_factor=PREFETCH if workers > 0 else None,
            pin_memory=pin_memory,
            generator=torch.Generator().manual_seed(0),
            # The last batch of an epoch is smaller; a time of a step is that of a whole one.
            drop_last=True,
        )
        self.batches = self._endless()

    @contextmanager
    def open(self) -> Iterator[Iterator[Loaded]]:
        """Let the workers work, and yield the batches."""
        self.images.gate.set()
        try:
            yield self.batches
        finally:
            self.images.gate.clear()

    def close(self) -> None:
        """End the workers, which must not wait for the gate when they are told to."""
        self.images.gate.set()
        self.batches.close()
        del self.loader

    def _endless(self) -> Generator[Loaded, None, None]:
        while True:
            yield from self.loader
