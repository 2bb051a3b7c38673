"""A test split for sources that have none."""

import logging
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator
from sau.pipeline.dataset.copies import first_copies
from sau.pipeline.dataset.settings import DatasetSettings
from sau.sources.checks import counts_of
from sau.sources.record import Listing, Rows

log = logging.getLogger(__name__)

_ROUNDING = 1e-9
"""Of a share times a number of images, so that 0.29 of 100 are 29."""


def split_test_off(
    listing: Listing, class_names: Sequence[str], settings: DatasetSettings
) -> tuple[Listing, Listing]:
    """Draw the test images as the settings say; the rest is for training.

    Each class has its own stream, so more images in one class move none of another's. Both parts
    keep the listing's order, and each image is in exactly one of them.

    Args:
        listing: all images.
        class_names: in label order.
        settings: of which `test_split`, the keys that it switches on, and `seed` count.

    Returns: training images, test images.

    Raises:
        UserError: a class has too few images for `test_per_class`, or none.
    """
    if settings.test_split == "per-class":
        return split_off_test(listing, settings.test_per_class, class_names, settings.seed)
    _refuse_empty(counts_of(listing, len(class_names)), class_names)
    units = _units(listing, len(class_names))
    is_test = np.zeros(len(listing), dtype=bool)
    for label, members in enumerate(units):
        stream = numpy_generator("dataset", settings.seed, "test", label)
        shuffled = [members[place] for place in stream.permutation(len(members))]
        count = int(np.count_nonzero(listing.labels == label))
        if settings.test_split == "share":
            drawn = _share(shuffled, number_tested(count, settings))
        else:
            order = stream.permutation(settings.folds).tolist()
            drawn = _fold(shuffled, order, settings.fold)
        for unit in drawn:
            is_test[unit] = True
    return _parts(listing, is_test)


def number_tested(count: int, settings: DatasetSettings) -> int:
    """Return how many images a class of `count` gives up for testing, by a share.

    `test_share` of them, but `test_at_least`, and never more than the share `test_at_most`.
    """
    wanted = max(math.floor(count * settings.test_share + 0.5), settings.test_at_least)
    return min(wanted, math.floor(count * settings.test_at_most + _ROUNDING))


def split_off_test(
    listing: Listing, per_class: int, class_names: Sequence[str], seed: int
) -> tuple[Listing, Listing]:
    """Draw `per_class` test images of each class; the rest is for training.

    Args:
        listing: all images.
        per_class: test images of each class.
        class_names: in label order.
        seed: of the draw.

    Returns: training images, test images.

    Raises:
        UserError: a class has fewer than `per_class` + 1 images.
    """
    counts = counts_of(listing, len(class_names))
    short = np.flatnonzero(counts < per_class + 1)
    if len(short):
        _refuse_empty(counts, class_names)
        label = int(short[0])
        raise UserError(
            f"dataset.test_per_class: {per_class}, but class {class_names[label]!r} has only "
            f"{counts[label]} images, expected at least {per_class + 1} so that one is left to "
            "train on; lower it, set dataset.test_split to share, or bring a test split of your own"
        )
    is_test = np.zeros(len(listing), dtype=bool)
    for label in range(len(class_names)):
        members = np.flatnonzero(listing.labels == label)
        order = numpy_generator("dataset", seed, "test", label).permutation(len(members))
        is_test[members[order[:per_class]]] = True
    return _parts(listing, is_test)


def _units(listing: Listing, classes: int) -> list[list[list[int]]]:
    """Return, for each class, its images as lists of positions: copies of one image together.

    Images whose copies stand in several classes are left out: no answer about them would be right,
    so they are never tested on. Nor is the only image of a class, or copies of it.
    """
    together: dict[int, list[int]] = {}
    for position, first in enumerate(first_copies(listing).tolist()):
        together.setdefault(first, []).append(position)
    units: list[list[list[int]]] = [[] for _ in range(classes)]
    torn = 0
    for unit in together.values():
        labels = {int(listing.labels[position]) for position in unit}
        if len(labels) == 1:
            units[labels.pop()].append(unit)
        else:
            torn += len(unit)
    if torn:
        log.warning("%d images have copies in other classes: they are never tested on", torn)
    return [members if len(members) > 1 else [] for members in units]


def _share(units: Sequence[list[int]], wanted: int) -> list[list[int]]:
    """Return the first of the units that together are at most `wanted` images."""
    drawn: list[list[int]] = []
    for unit in units:
        if len(unit) <= wanted:
            drawn.append(unit)
            wanted -= len(unit)
    return drawn


def _fold(units: Sequence[list[int]], order: Sequence[int], fold: int) -> list[list[int]]:
    """Return the units of one fold: each goes to the smallest one, the first in `order`."""
    sizes = dict.fromkeys(order, 0)
    drawn: list[list[int]] = []
    for unit in units:
        smallest = min(sizes, key=sizes.__getitem__)
        sizes[smallest] += len(unit)
        if smallest == fold:
            drawn.append(unit)
    return drawn


def _refuse_empty(counts: Rows, class_names: Sequence[str]) -> None:
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        raise UserError(
            f"dataset: class {class_names[int(empty[0])]!r} has no image at all; give it some, or "
            "take it out of the classes (an image folder: remove the empty one)"
        )


def _parts(listing: Listing, is_test: npt.NDArray[np.bool_]) -> tuple[Listing, Listing]:
    return listing.take(np.flatnonzero(~is_test)), listing.take(np.flatnonzero(is_test))
