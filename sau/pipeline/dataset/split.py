"""A test split for sources that have none."""

from collections.abc import Sequence

import numpy as np

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator
from sau.sources.checks import counts_of
from sau.sources.record import Listing


def split_off_test(
    listing: Listing, per_class: int, class_names: Sequence[str], seed: int
) -> tuple[Listing, Listing]:
    """Draw `per_class` test images of each class; the rest is for training.

    Each class has its own stream, so more images in one class move none of another's. Both parts
    keep the listing's order, and each image is in exactly one of them.

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
        label = int(short[0])
        if counts[label] == 0:
            raise UserError(
                f"dataset: class {class_names[label]!r} has no image at all; give it some, or "
                "take it out of the classes"
            )
        raise UserError(
            f"dataset.test_per_class: {per_class}, but class {class_names[label]!r} has only "
            f"{counts[label]} images, expected at least {per_class + 1} so that one is left to "
            "train on; lower it, or bring a test split of your own"
        )
    is_test = np.zeros(len(listing), dtype=bool)
    for label in range(len(class_names)):
        members = np.flatnonzero(listing.labels == label)
        order = numpy_generator("dataset", seed, "test", label).permutation(len(members))
        is_test[members[order[:per_class]]] = True
    return listing.take(np.flatnonzero(~is_test)), listing.take(np.flatnonzero(is_test))
