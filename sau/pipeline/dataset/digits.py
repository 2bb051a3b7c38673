"""Scikit-learn's 1,797 handwritten digits, which come with the library: nothing to download."""

import numpy as np

from sau.pipeline.dataset.arrays import list_arrays
from sau.sources.record import Listing

CLASS_NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

_FULL_INK = 16  # the largest value in the original


def list_digits() -> Listing:
    """List all digits, 8 x 8 pixels, values 0..16 scaled to 0..255; ids `real/digits/<index>`."""
    from sklearn.datasets import load_digits  # slow to import, and only this source needs it

    digits = load_digits()
    pixels = np.rint(digits.images * (255 / _FULL_INK)).astype(np.uint8)
    ids = [f"real/digits/{index:04d}" for index in range(len(pixels))]
    return list_arrays(ids, digits.target.astype(np.int64), pixels)
