"""Images of manifests as a network wants them, a batch at a time."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sau.sources.decode import UnreadableImageError, bytes_of, decode
from sau.sources.resize import fit
from sau.storage import manifest
from sau.storage.manifest.schemas import STATUS_OK

_COLUMNS = ["id", "label", "image", "status"]

_Read = tuple[str, int, npt.NDArray[np.uint8]]
"""Id, label and pixels of one image, (H, W, 3)."""


class Pictures(NamedTuple):
    """Some images: ids, uint8 (B, 3, H, W), and their labels, int64 (B,)."""

    ids: list[str]
    images: Tensor
    labels: Tensor


def pictures_of(
    paths: Sequence[Path], size: tuple[int, int], batch_size: int, only: Collection[str] = ()
) -> Iterator[Pictures]:
    """Yield the images that can be read, at one size, in the order of the manifests.

    Args:
        paths: manifests of images, a row group of which is in memory at a time.
        size: height and width.
        batch_size: images at once.
        only: the ids to take; all if there are none.
    """
    read = _read(paths, size, set(only))
    while batch := list(islice(read, batch_size)):
        ids, labels, pixels = zip(*batch, strict=True)
        images = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)
        yield Pictures(list(ids), images, torch.tensor(labels, dtype=torch.int64))


def _read(paths: Sequence[Path], size: tuple[int, int], only: Collection[str]) -> Iterator[_Read]:
    for row in _rows(paths):
        if row["status"] != STATUS_OK or (only and row["id"] not in only):
            continue
        image = row["image"] or {"bytes": None, "path": None}
        path = Path(image["path"]) if image["path"] else None
        try:
            decoded, _ = decode(bytes_of(image["bytes"], path))
        except UnreadableImageError:
            continue  # the scores and the filter say why
        yield row["id"], row["label"], np.asarray(fit(decoded, size))


def _rows(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for path in paths:
        for group in manifest.read_groups(path, "images", columns=_COLUMNS):
            yield from group.to_pylist()
