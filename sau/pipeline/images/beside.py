"""Imported images that stand beside drawn ones, class by class."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sau.core.errors import UserError
from sau.pipeline.images.per_class import settings_by_label
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.images.shards import places_of_class
from sau.sources.checks import counts_of, existing_folder
from sau.sources.decode import SUFFIXES
from sau.sources.image_folder import images_below
from sau.sources.known_classes import list_known_folders
from sau.sources.naming import distinct_names
from sau.sources.record import Listing, Rows, listing_of_files
from sau.sources.table import images_table
from sau.storage import manifest


class Beside(NamedTuple):
    """What is imported where other images are drawn.

    Attributes:
        listings: images to import, none of which is read yet.
        counts: how many there are of each class, by label.
        alone: labels of the classes that are imported, and not drawn.
    """

    listings: list[Listing]
    counts: list[int]
    alone: set[int]

    def to_draw(self, label: int, prompts: int) -> int:
        """Return how many images of a class are drawn, which has so many prompts."""
        return 0 if label in self.alone else max(prompts - self.counts[label], 0)


def list_beside(settings: ImagesSettings, class_names: Sequence[str]) -> Beside:
    """List the images that are imported where `images.source` draws others.

    A class whose own source is imported has the images of its own folder, and none of
    `import_first`.

    Args:
        settings: of a source that draws.
        class_names: in label order.

    Raises:
        UserError: no such folder, no image in it, or a class that is not in `class_names`.
    """
    by_label = settings_by_label(settings, class_names)
    folders = {label: own.folder for label, own in by_label.items() if own.source == "imported"}
    keys = distinct_names(class_names)
    listings = [_of_class(Path(folder), label, keys[label]) for label, folder in folders.items()]
    if settings.import_first:
        key = "images.import_first"
        folder = Path(settings.import_first)
        found = list_known_folders(folder, class_names, "synthetic", key)
        listings.append(found.take(np.flatnonzero(~np.isin(found.labels, list(folders)))))
    counts = sum((counts_of(one, len(class_names)) for one in listings), np.zeros(len(keys), int))
    return Beside(listings, counts.tolist(), set(folders))


def import_beside(
    beside: Beside,
    settings: ImagesSettings,
    class_names: Sequence[str],
    shard: int,
    *,
    spool_in: Path,
) -> pa.Table:
    """Import one shard's part of the images.

    Args:
        beside: what `list_beside` returns.
        settings: of the section.
        class_names: in label order.
        shard: from 0 to `settings.shards` - 1.
        spool_in: folder on whose disk the rows wait.

    Returns: a table of kind "images"; prompt and seed are null.
    """
    keys, shards = distinct_names(class_names), settings.shards
    tables = [manifest.SCHEMAS["images"].empty_table()]
    for listing in beside.listings:
        block = listing.take(_of_shard(listing, keys, shard, shards))
        if len(block):
            made = f"imported images, shard {shard + 1} of {shards}"
            tables.append(
                images_table(
                    block, image_size=settings.image_size, description=made, spool_in=spool_in
                )
            )
    return pa.concat_tables(tables)


def of_each_class(beside: Beside, class_names: Sequence[str]) -> Mapping[str, int]:
    """Return the number of imported images by class name, of those classes that have some."""
    pairs = zip(distinct_names(class_names), beside.counts, strict=True)
    return {name: count for name, count in pairs if count}


def _of_class(folder: Path, label: int, key: str) -> Listing:
    where = f"images.per_class.{key}.folder"
    found = images_below(existing_folder(folder, where))
    if not found:
        raise UserError(
            f"{where}: {folder}: no images found; expected files that end in "
            f"{' '.join(sorted(SUFFIXES))}"
        )
    labels = np.full(len(found), label, dtype=np.int64)
    return listing_of_files(
        [f"synthetic/{key}/{name}" for name, _ in found], labels, [file for _, file in found]
    )


def _of_shard(listing: Listing, keys: Sequence[str], shard: int, shards: int) -> Rows:
    """Return the places of those images of a listing that belong to a shard."""
    chosen = [np.empty(0, dtype=np.int64)]
    for label in np.unique(listing.labels).tolist():
        places = np.flatnonzero(listing.labels == label)
        own = places_of_class(keys[label], 0, len(places), shard, shards)
        chosen.append(places[own.start : own.stop : own.step])
    return np.concatenate(chosen)
