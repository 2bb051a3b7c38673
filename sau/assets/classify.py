"""Images to class probabilities: decoded by threads, classified in batches, in their order."""

import dataclasses
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sau.assets.trained_model import TrainedModel
from sau.core.ahead import map_ahead
from sau.core.errors import UserError
from sau.core.progress import progress_in_batches
from sau.data.decode import Size
from sau.device.gpus import reserved_device
from sau.device.repeatable import repeatable
from sau.engine.prediction import TEST_BATCH, probabilities
from sau.sources.decode import UnreadableImageError, bytes_of, decode
from sau.sources.record import Payload
from sau.sources.resize import fit

BATCH_PIXELS = TEST_BATCH * 64 * 64
"""Of the images of one batch, unless its size is set: 256 small ones, or 20 of 224 x 224."""

IMAGES_OF_A_TASK = 8
"""Images that one thread decodes in a row."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Work:
    """Where and how images are classified; of it, only device and threads may change last digits.

    `batch_size`: images at once; 0: as many as suit their size. `workers`: threads that decode;
    `threads`: of the network on the CPU; `device`: cpu or cuda.
    """

    batch_size: int = 0
    workers: int = 1
    threads: int = 1
    device: str = "cpu"

    def check(self) -> None:
        """Refuse an unknown device and too small numbers; raises UserError that names the flag."""
        if self.device not in ("cpu", "cuda"):
            raise UserError(f"--device: {self.device}, expected cpu or cuda")
        for name, least in (("batch_size", 0), ("workers", 1), ("threads", 1)):
            value = getattr(self, name)
            if value < least:
                flag = f"--{name.replace('_', '-')}"
                raise UserError(f"{flag}: {value}, expected at least {least}")


@dataclasses.dataclass(frozen=True)
class Classified:
    """Some images in a row.

    `names`: n of them; `reasons`: for each, why it could not be read, or None; `probabilities`:
    float32 (m, C), on the CPU, of the m that could.
    """

    names: list[str]
    reasons: list[str | None]
    probabilities: Tensor


class _Read(NamedTuple):
    """An image at the network's size, uint8 (H, W, 3), or the reason why there is none."""

    name: str
    pixels: npt.NDArray[np.uint8] | None
    reason: str | None = None


def classify(
    images: Iterable[tuple[str, Payload]],
    count: int,
    model: TrainedModel,
    work: Work,
    key: str = "--device",
) -> Iterator[Classified]:
    """Yield all images, in their order, with progress on standard error.

    Args:
        images: names and payloads, read when needed.
        count: how many there are, for the progress.
        model: what classifies, with the preprocessing of its training.
        work: where and how.
        key: the flag or setting that names the device, for messages.

    Raises:
        UserError: no such device.
    """
    work.check()
    size = (model.preprocessing.size[0], model.preprocessing.size[1])
    batch_size = work.batch_size or suitable_batch(size)
    with (
        reserved_device(work.device, key) as device,
        repeatable(work.threads),
        progress_in_batches("images", total=count, unit="image") as advance,
        closing(_read_ahead(images, size, work.workers, batch_size)) as read,
    ):
        model.network.to(device)
        for rows in _in_batches(read, batch_size):
            yield _classify(rows, model, device)
            advance(len(rows))


def suitable_batch(size: Size) -> int:
    """Return how many images of a size, height and width, the network gets at once."""
    return max(1, min(TEST_BATCH, BATCH_PIXELS // (size[0] * size[1])))


@torch.inference_mode()
def _classify(rows: Sequence[_Read], model: TrainedModel, device: torch.device) -> Classified:
    names, reasons = [row.name for row in rows], [row.reason for row in rows]
    pixels = [row.pixels for row in rows if row.pixels is not None]
    if not pixels:
        return Classified(names, reasons, torch.empty(0, len(model.class_names)))
    images = torch.from_numpy(np.stack(pixels)).to(device).permute(0, 3, 1, 2)
    preprocessing = model.preprocessing
    found = probabilities(model.network, images, preprocessing.views(), preprocessing.test_views)
    return Classified(names, reasons, found.cpu())


def _read_ahead(
    images: Iterable[tuple[str, Payload]], size: Size, workers: int, batch_size: int
) -> Generator[_Read, None, None]:
    """Yield the images at one size; the next batch and a task for each thread are under way."""

    def read(task: Sequence[tuple[str, Payload]]) -> list[_Read]:
        return [_read(name, payload, size) for name, payload in task]

    waiting = iter(images)
    tasks = iter(lambda: list(islice(waiting, IMAGES_OF_A_TASK)), [])
    ahead = workers - (-batch_size // IMAGES_OF_A_TASK)
    # The readers' own filters of warnings are not made for threads: this puts them back in the end.
    with warnings.catch_warnings(), ThreadPoolExecutor(workers, "decode") as pool:
        warnings.simplefilter("ignore")
        with closing(map_ahead(pool, read, tasks, ahead)) as found:
            for part in found:
                yield from part


def _read(name: str, payload: Payload, size: Size) -> _Read:
    try:
        image, _ = decode(bytes_of(payload.data, payload.path))
    except UnreadableImageError as error:
        return _Read(name, None, str(error))
    return _Read(name, np.asarray(fit(image, size)))


def _in_batches(read: Iterable[_Read], batch_size: int) -> Iterator[list[_Read]]:
    """Yield rows in a row with `batch_size` readable images among them, the last with fewer."""
    rows: list[_Read] = []
    readable = 0
    for row in read:
        rows.append(row)
        readable += row.pixels is not None
        if readable == batch_size:
            yield rows
            rows, readable = [], 0
    if rows:
        yield rows
