"""Random images of CIFAR's shape, as arrays and as the engine reads them."""

import dataclasses

import numpy as np
import torch
from numpy.typing import NDArray

from sau.data.tensors import Rows, training_data
from sau.engine.build import RunData
from sau.views import Normalisation

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
"""CIFAR-10's."""

REAL_PART = 4
"""One in four images is real: of CIFAR-10's 50,000 at an imbalance factor of 100, 12,406 are."""


@dataclasses.dataclass(frozen=True)
class RandomImages:
    """A training set of noise.

    `pixels`: uint8 (N, H, W, 3); `labels`: int64 (N,), each class as often as any other;
    `is_synthetic`: bool (N,); the real images come first.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    is_synthetic: NDArray[np.bool_]
    classes: int

    def real(self) -> "RandomImages":
        """Return the real images alone."""
        kept = ~self.is_synthetic
        return RandomImages(
            self.pixels[kept], self.labels[kept], self.is_synthetic[kept], self.classes
        )


def random_images(count: int, classes: int, side: int = 32, seed: int = 0) -> RandomImages:
    """Return `count` images of noise, at least one real one for each class if there are as many."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    real = max(count // REAL_PART, min(classes, count))
    return RandomImages(pixels, np.arange(count) % classes, np.arange(count) >= real, classes)


def run_data(images: RandomImages, device: torch.device) -> RunData:
    """Return the images as a run reads them, none of them to test on."""
    rows = Rows(
        torch.from_numpy(images.pixels).permute(0, 3, 1, 2).contiguous(),
        torch.from_numpy(images.labels),
        torch.from_numpy(images.is_synthetic),
    )
    return RunData(
        train=training_data(rows, device),
        classes=images.classes,
        normalisation=Normalisation(MEAN, STD),
    )
