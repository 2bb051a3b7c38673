"""Real images that are held out of the training set, to choose an epoch by."""

import numpy as np
import numpy.typing as npt

from sau.core.random_streams import numpy_generator

Labels = npt.NDArray[np.int64]


def validation_counts(counts: list[int], fraction: float) -> list[int]:
    """Return the images of each class to hold out: `round(fraction * n)`, but one always stays.

    Args:
        counts: n, real images of each class in the long tail.
        fraction: 0 to below 1; halves are rounded to the even number.
    """
    return [min(round(fraction * count), max(count - 1, 0)) for count in counts]


def hold_out(labels: Labels, held: list[int], seed: int) -> npt.NDArray[np.bool_]:
    """Draw the images that are held out, without replacement.

    A class's draw has its own stream and takes the first of one fixed shuffle, so what a smaller
    fraction holds out is part of what a larger one does.

    Args:
        labels: class of each image of the long tail, (N,).
        held: how many of each class.
        seed: of the shuffles.

    Returns: whether each image is held out, (N,).
    """
    mask = np.zeros(len(labels), dtype=bool)
    for label, count in enumerate(held):
        places = np.flatnonzero(labels == label)
        order = numpy_generator("validation", seed, label).permutation(len(places))
        mask[places[order[:count]]] = True
    return mask
