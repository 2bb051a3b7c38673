"""Images that are all decoded, in one tensor."""

import dataclasses
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from sau.data.decode import Size
from sau.device.transfer import upload


@dataclasses.dataclass(frozen=True, eq=False)
class PixelImages:
    """Images as one tensor on the device; see `Images`.

    `pixels`: uint8 (N, 3, H, W), 0 to 255.
    """

    pixels: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def size(self) -> Size:
        """Height and width in pixels."""
        height, width = self.pixels.shape[2:]
        return height, width

    @property
    def device(self) -> torch.device:
        """Where the tensor is."""
        return self.pixels.device

    def take(self, index: Tensor) -> Tensor:
        """Return the images at places `index`; see `Images.take`."""
        return self.pixels[upload(index, self.device)]

    def batches(self, pieces: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield the images of each piece of places; see `Images.batches`."""
        return map(self.take, pieces)

    def subset(self, index: Tensor) -> "PixelImages":
        """Return a copy of the images at the places `index`, int64 (n,)."""
        return PixelImages(self.take(index))

    def to(self, device: torch.device) -> "PixelImages":
        """Return the same images on `device`."""
        return PixelImages(self.pixels.to(device))
