"""Images that a library hands over as one array."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from sau.sources.decode import encode_png
from sau.sources.record import Listing, Payload, Rows


def list_arrays(ids: list[str], labels: Rows, pixels: npt.NDArray[Any]) -> Listing:
    """List the images of an array, as PNG in RGB.

    Args:
        ids: one for each image.
        labels: int64, shape (images,).
        pixels: uint8, shape (images, height, width) if grey, or (images, height, width, 3).
    """

    def fetch(rows: Rows) -> Iterator[Payload]:
        for row in rows:
            yield Payload(data=encode_png(Image.fromarray(pixels[row]).convert("RGB")))

    return Listing(ids, labels, np.arange(len(ids), dtype=np.int64), fetch)
