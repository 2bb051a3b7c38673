"""Images that stay encoded until a batch needs them."""

import dataclasses
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sau.core.ahead import map_ahead
from sau.data.decode import Size, decode_image
from sau.data.images.byte_file import ByteFile

PIECES_AHEAD = 2
"""Pieces that are decoded before their turn, while another one is used."""

IMAGES_OF_A_TASK = 16
"""Images that one thread decodes in a row; fewer would cost the main thread time."""


@dataclasses.dataclass(frozen=True, eq=False)
class EncodedImages:
    """Images in a file, decoded by threads each time they are asked for; see `Images`.

    `file`: their bytes, `names`: their ids, `places`: int64 (N,), which of them this object holds;
    `size`: height and width of all; `device`: where pixels are handed out; `pool`: what decodes.
    The pixels are those that `PixelImages` would hold, whatever the number of threads.
    """

    file: ByteFile
    names: Sequence[str]
    places: npt.NDArray[np.int64]
    size: Size
    device: torch.device
    pool: ThreadPoolExecutor

    def __len__(self) -> int:
        return len(self.places)

    def take(self, index: Tensor) -> Tensor:
        """Return the images at places `index`; see `Images.take`."""
        return next(self.batches([index]))

    def batches(self, pieces: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield the images of each piece, decoding `PIECES_AHEAD` more; see `Images.batches`.

        Raises:
            UserError: an image cannot be decoded; it names the image.
        """
        # All at once, as each transfer from an accelerator waits for what it still computes.
        wanted = [self.places[piece.cpu().numpy()] for piece in pieces]
        most = max((len(places) for places in wanted), default=0)
        ahead = PIECES_AHEAD * -(-most // IMAGES_OF_A_TASK)
        with closing(map_ahead(self.pool, self._decode, self._tasks(wanted), ahead)) as decoded:
            for images in decoded:
                if images is not None:
                    yield images.to(self.device, non_blocking=True)

    def subset(self, index: Tensor) -> "EncodedImages":
        """Return the images at the places `index`, int64 (n,), from the same file."""
        return dataclasses.replace(self, places=self.places[index.cpu().numpy()])

    def to(self, device: torch.device) -> "EncodedImages":
        """Return the same images, handed out on `device`."""
        return dataclasses.replace(self, device=device)

    def _tasks(self, wanted: Sequence[npt.NDArray[np.int64]]) -> Iterator["_Task"]:
        """Yield the tasks of each piece, whose room for pixels is made when the first is due."""
        pinned = self.device.type == "cuda"
        for places in wanted:
            shape = (len(places), 3, *self.size)
            images = torch.empty(shape, dtype=torch.uint8, pin_memory=pinned)
            # A piece without images is one task without images.
            for start in range(0, max(len(places), 1), IMAGES_OF_A_TASK):
                yield _Task(images, start, places[start : start + IMAGES_OF_A_TASK].tolist())

    def _decode(self, task: "_Task") -> Tensor | None:
        """Decode the task's images into their piece; return the piece after its last task."""
        pixels = task.images.numpy()
        for row, place in enumerate(task.places, task.start):
            pixels[row] = decode_image(self.file.read(place), self.names[place])
        return task.images if task.start + len(task.places) == len(pixels) else None


@dataclasses.dataclass(frozen=True)
class _Task:
    """Some images of one piece: `images` (b, 3, H, W), from row `start` on those at `places`."""

    images: Tensor
    start: int
    places: list[int]
