"""Rules that judge an image by its place within its class."""

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sau.pipeline.filter.reasons import Mask, reasons

Integers = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]


def best_first(labels: Integers, scores: Scores, ids: pa.Array | pa.ChunkedArray) -> Integers:
    """Return the images' positions, class by class, in each the best score first.

    Ties are broken by id, so the order is the same in whatever order the images come; images
    without a score (NaN) come last in their class, by id.
    """
    table = pa.table({"label": labels, "score": pa.array(scores, from_pandas=True), "id": ids})
    keys = [("label", "ascending"), ("score", "descending"), ("id", "ascending")]
    order: Integers = pc.sort_indices(table, sort_keys=keys).to_numpy().astype(np.int64)
    return order


def ranks(labels: Integers, order: Integers) -> Integers:
    """Return each image's place within its class, from 1; 0 for images that `order` leaves out.

    Args:
        labels: class of each image, (N,).
        order: positions of all or some images, class by class, as `best_first` has them.
    """
    ordered = labels[order]
    counts = np.bincount(ordered)
    starts = np.cumsum(counts) - counts
    places = np.zeros(len(labels), dtype=np.int64)
    places[order] = np.arange(1, len(order) + 1) - starts[ordered]
    return places


def top_fraction(
    labels: Integers, places: Integers, fraction: float, rank: str = "rank "
) -> pa.Array:
    """Reject what is not among the best share of its class.

    CLIP's cosine differs from class to class, so ranks are taken within the class: one threshold
    for all would empty some. Of a class's n images ceil(fraction * n) are kept, so a class with an
    image is never emptied.

    Args:
        labels: class of each image, (N,).
        places: rank within the class, from 1, (N,).
        fraction: in (0, 1].
        rank: what the reason calls the place.
    """
    counts = np.bincount(labels)
    kept = np.array([_share(count, fraction) for count in counts.tolist()], dtype=np.int64)[labels]
    limit = (" of ", counts[labels], ", not among the best ", kept)
    return reasons(places > kept, rank, places, *limit, f" ({100 * fraction:g} %)")


def quota(labels: Integers, order: Integers, passed: Mask, count: int) -> pa.Array:
    """Reject what passes all other rules, but is not among the best `count` of its class that do.

    Args:
        labels: class of each image, (N,).
        order: positions of all images, class by class, best first.
        passed: which images the other rules keep, (N,).
        count: images of a class, at least 1.
    """
    places = ranks(labels, order[passed[order]])
    return reasons(places > count, f"the class has {count} better images, this is number ", places)


def _share(count: int, fraction: float) -> int:
    # 0.8 * 160 is 128.00000000000003 in floating point: round before the ceiling.
    return math.ceil(round(fraction * count, 9))
