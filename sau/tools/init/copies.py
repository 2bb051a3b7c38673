"""Which images are copies of others, and which look nearly alike."""

import dataclasses

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sau.neighbours.hamming import near_pairs, nearest_by_parts

NEAR = 4
"""Bits of 64 in which the hashes of images that look alike differ at most."""


@dataclasses.dataclass(frozen=True)
class Copies:
    """Images that repeat others, counted; a name of each kind is an example.

    Attributes:
        exact: images with the bytes of an earlier one.
        torn: images whose bytes stand in two classes or more.
        leaked: test images with the bytes of a training image.
        alike: images, of different bytes, whose hash is near another's.
        alike_across: test images, of other bytes, whose hash is near a training image's.
        examples: one id of each that is not 0, by the attribute's name.
    """

    exact: int
    torn: int
    leaked: int
    alike: int
    alike_across: int
    examples: dict[str, str]


def find_copies(images: pd.DataFrame) -> Copies:
    """Count copies among readable images.

    Args:
        images: with the columns id, label, is_test, digest (of the bytes) and hash (uint64).
    """
    train, test = images[~images.is_test], images[images.is_test]
    labels = images.groupby("digest").label.transform("nunique")
    leaked = test.digest.isin(train.digest)
    others = test[~leaked]
    chosen = {
        "exact": images[images.digest.duplicated()],
        "torn": images[labels > 1],
        "leaked": test[leaked],
        "alike": _alike(images.drop_duplicates("digest")),
        "alike_across": others[_near(others, train)],
    }
    examples = {name: str(rows.id.iloc[0]) for name, rows in chosen.items() if len(rows)}
    return Copies(**{name: len(rows) for name, rows in chosen.items()}, examples=examples)


def _alike(images: pd.DataFrame) -> pd.DataFrame:
    """Return the images that are in a group of several, linked by near hashes."""
    bits, where = np.unique(images.hash.to_numpy(), return_inverse=True)
    pairs = near_pairs(bits, NEAR)
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (len(bits), len(bits)))
    _, groups = connected_components(links, directed=False)
    of_image = groups[where]
    alike: pd.DataFrame = images[np.bincount(of_image, minlength=1)[of_image] > 1]
    return alike


def _near(asked: pd.DataFrame, known: pd.DataFrame) -> "pd.Series[bool]":
    bits, others = asked.hash.to_numpy(), known.hash.to_numpy()
    distances, _ = nearest_by_parts(bits, others, NEAR)
    return pd.Series(distances <= NEAR, index=asked.index, dtype=bool)
