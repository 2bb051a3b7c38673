"""Synthetic images that someone else made, brought into the images table."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from sau.core.errors import UserError
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.images.shards import shard_bounds
from sau.sources import cifake
from sau.sources.checks import by_class, existing_folder, first_of_each_class
from sau.sources.class_match import labels_by_order, relabel
from sau.sources.hub import choose_split, list_split, open_split, splits_of
from sau.sources.known_classes import known_labels, list_known_folders
from sau.sources.naming import plain_name
from sau.sources.parquet_table import list_parquet
from sau.sources.record import Listing, Rows
from sau.sources.table import BATCH_ROWS, images_table
from sau.sources.table_columns import Columns

log = logging.getLogger(__name__)

_KEY = "images.folder"


def import_shard(
    settings: ImagesSettings,
    class_names: list[str],
    shard: int,
    shards: int,
    *,
    spool_in: Path | None = None,
    batch_rows: int = BATCH_ROWS,
) -> pa.Table:
    """Import one shard: list all images, but read and check only those of a contiguous block.

    Args:
        settings: the folder or file, and its layout.
        class_names: of the real images, in label order.
        shard: which block, from 0.
        shards: how many blocks of (almost) equal size there are.
        spool_in: folder on whose disk the rows wait; None holds all of them in memory.
        batch_rows: see `sau.sources.table.images_table`.

    Returns: a table of kind "images", by class and then in the source's order; ids begin with
        `synthetic/`. It has no rows if there are more shards than images.

    Raises:
        UserError: what is missing or does not fit the class names, see `list_imported`.
        ValueError: no such shard.
    """
    if not 0 <= shard < shards:
        raise ValueError(f"shard is {shard}, expected 0 to {shards - 1}")
    listing = list_imported(settings, class_names)
    start, end = shard_bounds(len(listing), shard, shards)
    block = listing.take(np.arange(start, end, dtype=np.int64))
    return images_table(
        block,
        image_size=settings.image_size,
        description=f"imported images, shard {shard + 1} of {shards}",
        spool_in=spool_in,
        batch_rows=batch_rows,
    )


def list_imported(settings: ImagesSettings, class_names: list[str]) -> Listing:
    """List the images to import, by class; none is read.

    Raises:
        UserError: no such folder or file, no image, a class that is not in `class_names`, an id
            twice, or fewer images of a class than `images.images_per_class`.
    """
    if settings.layout == "cifake":
        listing = _list_cifake(Path(settings.folder), class_names)
    elif settings.layout == "parquet":
        listing = _list_table(settings, class_names)
    elif settings.layout == "hub-folder":
        listing = _list_hub_folder(settings, class_names)
    else:
        listing = list_known_folders(Path(settings.folder), class_names, "synthetic", _KEY)
    key = "images.images_per_class"
    return first_of_each_class(by_class(listing), settings.images_per_class, class_names, key)


def _list_cifake(folder: Path, class_names: Sequence[str]) -> Listing:
    existing_folder(folder, _KEY)
    if len(class_names) != len(cifake.CLASS_NAMES):
        raise UserError(
            f"{_KEY}: {folder}: CIFAKE has {len(cifake.CLASS_NAMES)} classes, but the real images "
            f"have {len(class_names)}; import images of the same classes"
        )
    labels = labels_by_order(cifake.CLASS_NAMES, class_names, f"{_KEY}: {folder}")
    for label, theirs in zip(labels, cifake.CLASS_NAMES, strict=True):
        if plain_name(class_names[label]) != plain_name(theirs):
            log.warning("class %r of the real images is %r in CIFAKE", class_names[label], theirs)
    return relabel(cifake.list_cifake(folder, "train", "FAKE", _KEY), labels)


def _list_table(settings: ImagesSettings, class_names: Sequence[str]) -> Listing:
    file = Path(settings.file)
    where = f"images.file: {file}"

    def labels_of(column: pa.ChunkedArray, schema: pa.Schema) -> Rows:
        return known_labels(column, schema, settings.label_column, class_names, where)

    return list_parquet(
        file,
        _columns(settings),
        prefix="synthetic",
        stem=file.stem,
        labels_of=labels_of,
        key="images.file",
    )


def _list_hub_folder(settings: ImagesSettings, class_names: Sequence[str]) -> Listing:
    folder = Path(settings.folder)
    name, files = choose_split(splits_of(folder, _KEY), settings.part, folder, "images.part")
    split = open_split(folder, name, files, _columns(settings), _KEY)

    def labels_of(column: pa.ChunkedArray, schema: pa.Schema) -> Rows:
        return known_labels(column, schema, settings.label_column, class_names, split.where)

    return list_split(split, labels_of, "synthetic")


def _columns(settings: ImagesSettings) -> Columns:
    return Columns(
        settings.image_column,
        settings.label_column,
        settings.prompt_column or None,
        settings.id_column,
    )
