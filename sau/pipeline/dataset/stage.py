"""The dataset stage: real images of any source into one table for training and one for testing."""

import functools
import hashlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.data.statistics import PixelStatistics
from sau.pipeline.dataset.load import load
from sau.pipeline.dataset.settings import DatasetSettings
from sau.sources.table import BATCH_ROWS, images_table
from sau.storage import manifest
from sau.storage.manifest.schemas import STATUS_OK
from sau.storage.outputs import writes
from sau.storage.provenance import provenance

log = logging.getLogger(__name__)


@writes("train", "test")
def dataset(train: Path, test: Path, *, settings: DatasetSettings) -> None:
    """Write the real images as two manifests of kind "images".

    Images are read one by one, and their rows wait on disk, in the folder of the training table.
    Rows stand by class, then in the source's order. Images that cannot be read are rows with
    status failed and the reason. The metadata of both files hold the data set's name, its class
    names, and the mean and standard deviation (0 to 1, RGB) of all pixels of the training images.

    Args:
        train: where the table of training images goes.
        test: where the table of test images goes.
        settings: the source and what to do with it.

    Raises:
        UserError: see `sau.pipeline.dataset.load.load`; or a class without a readable training
            image, or no readable test image.
    """
    class_names, train_table, test_table, pixels = read_images(settings, train.parent)
    _check_readable(train_table, class_names, "training")
    _check_readable(test_table, class_names, "test")
    _warn_of_shared(train_table, test_table)
    facts: dict[str, Any] = {
        "dataset": settings.title(),
        "class_names": class_names,
        "mean": pixels.mean(),
        "std": pixels.std(),
    }
    made_with = _write(train, train_table, "training", settings, facts)
    # The test images name the training images that they were made with.
    facts |= {"inputs": {"train_images": [made_with]}}
    _write(test, test_table, "test", settings, facts)


def read_images(
    settings: DatasetSettings, spool_in: Path | None, *, batch_rows: int = BATCH_ROWS
) -> tuple[list[str], pa.Table, pa.Table, PixelStatistics]:
    """Read the images of both splits.

    Args:
        settings: the source and what to do with it.
        spool_in: folder on whose disk the rows wait; None holds all of them in memory.
        batch_rows: see `sau.sources.table.images_table`.

    Returns the class names, the training and the test images as tables of kind "images", and the
    statistics of the training images' pixels.

    Raises:
        UserError: see `sau.pipeline.dataset.load.load`.
    """
    class_names, train_images, test_images = load(settings)
    pixels = PixelStatistics()
    read = functools.partial(
        images_table, image_size=settings.image_size, spool_in=spool_in, batch_rows=batch_rows
    )
    train = read(train_images, description="training images", on_image=pixels.add)
    test = read(test_images, description="test images")
    return class_names, train, test, pixels


def _write(
    path: Path, table: pa.Table, split: str, settings: DatasetSettings, facts: dict[str, Any]
) -> str:
    """Write one table, say what is in it, and return its content hash."""
    counts = _ok_counts(table, len(facts["class_names"]))
    failed = table.num_rows - sum(counts)
    each = ", ".join(f"{name} {n}" for name, n in zip(facts["class_names"], counts, strict=True))
    log.info("%d %s images, %d failed: %s", sum(counts), split, failed, each)
    facts = {"split": split, "counts": counts, "failed": failed, **facts}
    record = provenance("dataset", settings, {}, _libraries(settings)) | facts
    return manifest.write(path, "images", table, record)


def _libraries(settings: DatasetSettings) -> list[str]:
    torchvision = dict.fromkeys(("cifar10", "cifar100", "imagenet-lt"), "torchvision")
    extra = {"digits": "scikit-learn", **torchvision}
    return ["pillow", *([extra[settings.source]] if settings.source in extra else [])]


def _ok_counts(table: pa.Table, classes: int) -> list[int]:
    labels = table["label"].to_numpy()[_is_ok(table)]
    return [int(count) for count in np.bincount(labels, minlength=classes)]


def _is_ok(table: pa.Table) -> Any:
    return pc.equal(table["status"], STATUS_OK).to_numpy()


def _check_readable(table: pa.Table, class_names: Sequence[str], split: str) -> None:
    """Refuse a table without a readable image, a training table also for each class."""
    counts = _ok_counts(table, len(class_names))
    empty = [name for name, count in zip(class_names, counts, strict=True) if not count]
    if sum(counts) == 0:
        first = next(iter(table["reason"].to_pylist()), "there are none")
        raise UserError(
            f"dataset: none of the {table.num_rows} {split} images can be read, the first because: "
            f"{first}; check the source"
        )
    if empty and split == "training":
        raise UserError(
            f"dataset: no training image of class {empty[0]!r} can be read ({len(empty)} such "
            "classes); fix its files, or take the class out"
        )
    if empty:
        log.warning("%d classes have no readable test image, such as %s", len(empty), empty[0])


def _warn_of_shared(train: pa.Table, test: pa.Table) -> None:
    """Say how many test images have the very bytes of a training image: the source's own leak."""
    known = set(_digests(train))
    shared = sum(digest in known for digest in _digests(test))
    if shared:
        log.warning("%d test images have the same bytes as a training image", shared)


def _digests(table: pa.Table) -> Iterator[bytes]:
    """Yield a digest of each image's bytes: those of a million fit into memory, images do not."""
    for data in pc.struct_field(table["image"], "bytes"):
        if data.is_valid:
            yield hashlib.blake2b(data.as_buffer(), digest_size=16).digest()
