"""CIFAR-10 and CIFAR-100 as torchvision reads them (Krizhevsky 2009)."""

from pathlib import Path
from typing import Any, Literal

import numpy as np

from sau.core.errors import UserError
from sau.pipeline.dataset.arrays import list_arrays
from sau.sources.record import Listing

Source = Literal["cifar10", "cifar100"]


def list_cifar(
    source: Source, folder: Path, *, download: bool
) -> tuple[list[str], Listing, Listing]:
    """List CIFAR's training and test images, 32 x 32 pixels.

    Args:
        source: cifar10 or cifar100; the latter with its 100 fine labels.
        folder: holds `cifar-10-batches-py` or `cifar-100-python`, the "python version".
        download: let torchvision download and unpack it there if it is missing.

    Returns: class names as torchvision has them, training images, test images; ids
        `real/<source>/<train|test>/<index>` with the index in the original files.

    Raises:
        UserError: the files are missing, of another MD5, or cannot be downloaded.
    """
    from torchvision import datasets  # brings torch in, which no other source needs

    reader = {"cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}[source]
    try:
        train, test = (reader(str(folder), train=part, download=download) for part in (True, False))
    except (RuntimeError, OSError) as error:
        raise UserError(_advice(folder, reader.base_folder, download, error)) from error
    return list(train.classes), _list(train, f"{source}/train"), _list(test, f"{source}/test")


def _list(part: Any, name: str) -> Listing:
    labels = np.array(part.targets, dtype=np.int64)
    ids = [f"real/{name}/{index:05d}" for index in range(len(labels))]
    return list_arrays(ids, labels, part.data)


def _advice(folder: Path, expected: str, download: bool, error: Exception) -> str:
    if download:
        reason = " ".join(str(error).split())
        return f"dataset.folder: {folder}: download failed ({reason}); place {expected} in it"
    return (
        f"dataset.folder: {folder}: no intact {expected} in it (missing, or files of another MD5); "
        "set dataset.download: true, or place the folder of the python version there"
    )
