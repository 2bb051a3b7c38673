"""Whether a model's embeddings distinguish classes at a limit, by real images of known class."""

import numpy as np

from sau.pipeline.filter.closeness import Closeness, Integers

SAMPLE = 2_000
"""So many images are compared with each other at most: four million pairs."""

_BLOCK = 256


def confused(measure: Closeness, labels: Integers) -> tuple[int, int]:
    """Return how many images are near one of another class, and how many were looked at.

    Real images of two classes are no copies of each other: where many are as near as the limit, a
    synthetic image that near to a test image need not be a copy of it either.

    Args:
        measure: of N real images, with the limit.
        labels: their classes, (N,).
    """
    places = np.linspace(0, len(measure) - 1, min(len(measure), SAMPLE)).round().astype(np.int64)
    sample, classes = measure.take(places), labels[places]
    found = 0
    for start in range(0, len(places), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(places)))
        near = sample.take(block).table(sample) >= measure.least
        found += int((near & (classes[block][:, None] != classes)).any(axis=1).sum())
    return found, len(places)
