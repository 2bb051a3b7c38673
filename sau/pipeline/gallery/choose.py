"""Which images the page shows: of each class and kind an even choice from the best to the worst."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

KINDS = ("real", "kept", "rejected")


def choose(images: pd.DataFrame, *, per_class: int, in_all: int) -> pd.DataFrame:
    """Choose the images of the page.

    Of each class and kind at most `per_class` are shown, and fewer where the page would have more
    than `in_all` (see `fair_shares`), but never none. What a class's rejected images get is shared
    among the rules that rejected them, so that a rule which rejected three of a thousand is seen.
    Within these the choice is even: the best, the worst, and those at equal steps between them.

    Args:
        images: columns label (from 0), kind (one of `KINDS`), decided_by (the first rule that
            rejects an image, missing for others) and any more; the rows of one class, kind and
            rule stand in their order, best first.
        per_class: at least 1.
        in_all: at least 1.

    Returns: the chosen rows, by class, then kind in the order of `KINDS`, then as they stood.
    """
    kinds = images["kind"].map(KINDS.index)
    rows = images.assign(_kind=kinds.astype(int), _place=np.arange(len(images)))
    groups = [group for _, group in rows.groupby(["label", "_kind"], sort=True)]
    sizes = np.array([min(len(group), per_class) for group in groups], dtype=np.int64)
    shares = fair_shares(sizes, max(in_all, len(groups)))
    chosen = [_of_group(group, int(n)) for group, n in zip(groups, shares, strict=True)]
    empty = rows.iloc[:0]
    return pd.concat([empty, *chosen], ignore_index=True).drop(columns=["_kind", "_place"])


def fair_shares(sizes: Sequence[int] | npt.NDArray[np.int64], total: int) -> npt.NDArray[np.int64]:
    """Share `total` among groups: as even as their sizes allow, what is odd to the first ones.

    It is as if one were handed to each group that has not all yet, in turn, until none are left.

    Args:
        sizes: (groups,), from 0.
        total: from 0.

    Returns: int64 (groups,), no share above its group's size, in sum `total` or all there is.
    """
    sizes = np.asarray(sizes, dtype=np.int64)
    shares = np.zeros_like(sizes)
    while True:
        left = total - int(shares.sum())
        wanting = np.flatnonzero(shares < sizes)
        if left == 0 or len(wanting) == 0:
            return shares
        each = max(left // len(wanting), 1)
        taking = wanting[:left]
        shares[taking] += np.minimum(sizes[taking] - shares[taking], each)


def evenly(count: int, wanted: int) -> npt.NDArray[np.int64]:
    """Return `wanted` different indices below `count` at equal steps, the first and last included.

    A single one is that in the middle. `wanted` is at most `count`.
    """
    if wanted == 1:
        return np.array([(count - 1) // 2], dtype=np.int64)
    return np.arange(wanted, dtype=np.int64) * (count - 1) // max(wanted - 1, 1)


def _of_group(group: pd.DataFrame, wanted: int) -> pd.DataFrame:
    """Choose from the images of one class and kind."""
    strata = [rows for _, rows in group.groupby("decided_by", sort=False, dropna=False)]
    shares = fair_shares([len(rows) for rows in strata], wanted)
    parts = [
        rows.iloc[evenly(len(rows), int(share))]
        for rows, share in zip(strata, shares, strict=True)
        if share
    ]
    return pd.concat(parts).sort_values("_place")
