"""Listed images to `Images`: all decoded now, or each time they are needed."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from tempfile import gettempdir
from typing import Literal

import numpy as np
import torch

from sau.core.ahead import map_ahead
from sau.core.errors import naming_section
from sau.data.decode import OneSize, Pixels, Size, decode_image, image_size
from sau.data.images.byte_file import ByteFile
from sau.data.images.encoded import IMAGES_OF_A_TASK, EncodedImages
from sau.data.images.memory import refuse_too_large
from sau.data.images.pixels import PixelImages
from sau.data.images.protocol import Images
from sau.pipeline.training.listed import Encoded, Listed, read_encoded

DecodeName = Literal["ahead", "on_demand"]

TASKS_AHEAD = 2
"""Tasks of each thread that wait for it while images are decoded ahead."""


@dataclasses.dataclass(frozen=True)
class Decoding:
    """When, where and by how many threads images are decoded; no choice changes a pixel.

    `when`: `ahead` keeps all pixels on `device`, `on_demand` keeps the encoded images in a file
    without a name in `folder`, on disk, and decodes those of each batch; `workers`: threads;
    `folder`: None for the system's folder of temporary files.
    """

    when: DecodeName = "ahead"
    workers: int = 1
    device: torch.device = torch.device("cpu")
    folder: Path | None = None


def load_images(lists: Sequence[Listed], decoding: Decoding) -> Images:
    """Bring all images of several lists into one collection, each at its place.

    Args:
        lists: their places together are 0 to N - 1, N at least 1, each once.
        decoding: how.

    Raises:
        UserError: an image that is missing or cannot be read, images of two sizes, more images than
            memory for them, or no room on disk.
    """
    encoded = chain.from_iterable(map(read_encoded, lists))
    count = sum(len(listed.ids) for listed in lists)
    if decoding.when == "on_demand":
        return _encoded_images(encoded, count, decoding)
    with ThreadPoolExecutor(decoding.workers) as pool:
        return _pixel_images(encoded, count, decoding, pool)


def _pixel_images(
    encoded: Iterable[Encoded], count: int, decoding: Decoding, pool: ThreadPoolExecutor
) -> PixelImages:
    sizes = OneSize()
    pixels = torch.empty(0, dtype=torch.uint8)
    tasks = map_ahead(pool, _decoded, _in_tasks(encoded), TASKS_AHEAD * decoding.workers)
    with closing(tasks) as decoded:
        for image, array in chain.from_iterable(decoded):
            height, width = array.shape[1:]
            sizes.check((height, width), image.name, image.size_setting)
            if not len(pixels):
                with naming_section("training"):
                    refuse_too_large(count, (height, width), decoding.device)
                pixels = torch.empty((count, 3, height, width), dtype=torch.uint8)
            pixels.numpy()[image.place] = array
    return PixelImages(pixels.to(decoding.device))


def _encoded_images(encoded: Iterable[Encoded], count: int, decoding: Decoding) -> EncodedImages:
    names: list[str] = []
    places = np.empty(count, dtype=np.int64)
    sizes = OneSize()
    size: Size = (0, 0)

    def parts() -> Iterator[bytes]:
        nonlocal size
        for image in encoded:
            size = image_size(image.data, image.name)
            sizes.check(size, image.name, image.size_setting)
            places[image.place] = len(names)
            names.append(image.name)
            yield image.data

    file = ByteFile(parts(), decoding.folder or Path(gettempdir()))
    pool = ThreadPoolExecutor(decoding.workers, thread_name_prefix="decode")
    return EncodedImages(file, names, places, size, decoding.device, pool)


def _in_tasks(encoded: Iterable[Encoded]) -> Iterator[list[Encoded]]:
    images = iter(encoded)
    while task := list(islice(images, IMAGES_OF_A_TASK)):
        yield task


def _decoded(task: Sequence[Encoded]) -> list[tuple[Encoded, Pixels]]:
    return [(image, decode_image(image.data, image.name)) for image in task]
