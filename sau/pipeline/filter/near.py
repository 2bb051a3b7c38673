"""Rules that compare images: near duplicates within a class, and leaks of the test set."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sau.pipeline.filter.closeness import FAR, NONE, Closeness, Floats, Integers
from sau.pipeline.filter.reasons import Mask, reasons

BLOCK = 512
"""Images of a class that are compared with each other at once."""


@dataclasses.dataclass(frozen=True)
class Neighbours:
    """The near image of each image by one measure: closeness and position, (N,) each."""

    closeness: Floats
    positions: Integers

    @classmethod
    def none(cls, count: int) -> "Neighbours":
        """Return those of `count` images that are near none."""
        return cls(np.full(count, FAR, dtype=np.float32), np.full(count, NONE, dtype=np.int64))

    def put(self, rows: Integers, closeness: Floats, positions: Integers, near: Mask) -> None:
        """Enter the near images of some images, where `near` says that they are near."""
        self.closeness[rows[near]] = closeness[near]
        self.positions[rows[near]] = positions[near]

    def found(self) -> Mask:
        """Return which images have one, (N,)."""
        mask: Mask = self.positions != NONE
        return mask

    def reasons(self, measure: Closeness, ids: pa.Array, what: str) -> pa.Array:
        """Say which image it is near and how near, null where none; `ids` are the others'."""
        names = ids.take(pa.array(self.positions, mask=~self.found()))
        words = (f"near {what} ", names, " (", *measure.words(self.closeness), ")")
        return reasons(self.found(), *words)


def near_test_images(synthetic: Closeness, tests: Closeness) -> Neighbours:
    """Return the nearest test image of each synthetic one, where it is near."""
    closeness, positions = synthetic.nearest(tests)
    near = closeness >= synthetic.least
    return Neighbours(np.where(near, closeness, FAR), np.where(near, positions, NONE))


def near_better_images(
    measures: Sequence[Closeness], labels: Integers, order: Integers, block: int = BLOCK
) -> list[Neighbours]:
    """Return, for each near duplicate, the better image of its class that stays in its place.

    From the best to the worst of a class, an image stays unless it is near one that has stayed, by
    any of the measures. What it is said to be near is the nearest better image that stays, the
    best of several.

    Args:
        measures: of the same N images; at least one.
        labels: class of each image, (N,).
        order: positions of all images, class by class, best first.
        block: images of a class that are compared with each other at once; changes no result.

    Returns: for each measure, the near images; none for the images that stay.
    """
    found = [Neighbours.none(len(labels)) for _ in measures]
    ends = np.flatnonzero(np.diff(labels[order])) + 1
    for rows in np.split(order, ends):
        staying = np.empty(0, dtype=np.int64)
        for start in range(0, len(rows), block):
            part = rows[start : start + block]
            stays = _compare(measures, part, staying, found)
            staying = np.concatenate([staying, part[stays]])
    return found


def first_of(columns: Sequence[pa.Array]) -> pa.Array:
    """Return, for each image, the first column's reason that there is."""
    return pc.coalesce(*columns)


def _compare(
    measures: Sequence[Closeness], block: Integers, staying: Integers, found: list[Neighbours]
) -> Mask:
    """Decide on the next images of a class and put their near images into `found`.

    Args:
        measures: of all images.
        block: positions of these images, best first.
        staying: positions of the better images that stay, best first.
        found: for each measure.

    Returns: which of the block stay, (B,).
    """
    parts = [measure.take(block) for measure in measures]
    earlier = [
        part.nearest(measure.take(staying)) for part, measure in zip(parts, measures, strict=True)
    ]
    tables = [part.table(part) for part in parts]
    limits = [part.least for part in parts]
    gone = np.any([c >= least for (c, _), least in zip(earlier, limits, strict=True)], axis=0)
    near = np.any([table >= least for table, least in zip(tables, limits, strict=True)], axis=0)
    stays = _greedy(near & np.tri(len(block), k=-1, dtype=bool), gone)
    rows = np.flatnonzero(~stays)
    if len(rows):
        rivals = stays & (np.arange(len(block)) < rows[:, None])
        for (closeness, positions), table, least, into in zip(
            earlier, tables, limits, found, strict=True
        ):
            inner = np.where(rivals, table[rows], FAR)
            column = inner.argmax(axis=1)
            highest = inner[np.arange(len(rows)), column]
            closer = highest > closeness[rows]
            closest = np.where(closer, highest, closeness[rows])
            nearest = np.where(closer, block[column], np.append(staying, NONE)[positions[rows]])
            into.put(block[rows], closest, nearest, closest >= least)
    return stays


def _greedy(near: npt.NDArray[np.bool_], gone: Mask) -> Mask:
    """Return which images stay if each, from the best on, stays unless it is near one that does.

    In rounds instead of one by one: what is near no better image that is still open stays, and
    with that all that is near it is decided.

    Args:
        near: (B, B), near[i, j] only for j better than i.
        gone: which images are near an earlier one that stays, (B,).
    """
    is_open = ~gone
    if not near.any():
        return is_open
    stays = np.zeros(len(gone), dtype=bool)
    while is_open.any():
        settled = is_open & ~near[:, is_open].any(axis=1)
        stays |= settled
        is_open &= ~settled & ~near[:, settled].any(axis=1)
    return stays
