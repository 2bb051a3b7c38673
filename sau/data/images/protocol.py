"""What every collection of images gives, wherever its pixels are."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from sau.data.decode import Size


class Images(Protocol):
    """N images of one size, whose pixels are handed out by their places 0 to N - 1."""

    def __len__(self) -> int:
        """Return N."""

    @property
    def size(self) -> Size:
        """Height and width in pixels."""

    @property
    def device(self) -> torch.device:
        """Where pixels are handed out."""

    def take(self, index: Tensor) -> Tensor:
        """Return images.

        Args:
            index: int64 (b,), their places, on the CPU or on `device`.

        Returns uint8 (b, 3, H, W) on `device`.
        """

    def batches(self, pieces: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield what `take` returns of each piece of places, in the order of the pieces.

        Whoever knows the pieces of an epoch hands them over together: images that have to be
        decoded first are then decoded before their turn.
        """

    def subset(self, index: Tensor) -> "Images":
        """Return the images at the places `index`, int64 (n,), in that order."""

    def to(self, device: torch.device) -> "Images":
        """Return the same images, handed out on `device`."""
