"""One image of a source, and the list of all of them whose bytes are read only when needed."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Payload:
    """What an image is made of: encoded bytes, or the file that holds them; and its prompt."""

    data: bytes | None = None
    path: Path | None = None
    prompt: str | None = None


@dataclasses.dataclass(frozen=True)
class ImageRecord:
    """One image: who it is, and its encoded bytes or the file that holds them."""

    id: str
    label: int
    data: bytes | None = None
    path: Path | None = None
    prompt: str | None = None


@dataclasses.dataclass(frozen=True)
class Listing:
    """Which images a source has: ids and labels at hand, bytes only on `records`.

    Args:
        ids: one for each image.
        labels: int64, shape (images,), class indices from 0.
        rows: int64, shape (images,), what `fetch` calls these images.
        fetch: yields the payloads of the rows it is given, in their order.
    """

    ids: list[str]
    labels: Rows
    rows: Rows
    fetch: Callable[[Rows], Iterable[Payload]]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, positions: Rows) -> "Listing":
        """Return the images at `positions` (int64 indices into this listing), in that order."""
        return Listing(
            [self.ids[position] for position in positions],
            self.labels[positions],
            self.rows[positions],
            self.fetch,
        )

    def records(self) -> Iterator[ImageRecord]:
        """Yield the images one by one, in the listing's order."""
        payloads = self.fetch(self.rows)
        for name, label, payload in zip(self.ids, self.labels, payloads, strict=True):
            yield ImageRecord(name, int(label), payload.data, payload.path, payload.prompt)


def listing_of_files(ids: list[str], labels: Rows, files: list[Path]) -> Listing:
    """Return the listing of images that stand in a file each."""
    rows = np.arange(len(ids), dtype=np.int64)
    return Listing(ids, labels, rows, lambda wanted: (Payload(path=files[row]) for row in wanted))
