"""Frequencies and colours of a sample's pixels, of each class and of all, in one pass."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sau.metrics.generated import colour_counts, radial_powers
from sau.tools.quality.samples import Places, Sample


@dataclass(frozen=True)
class PixelSums:
    """What the pixels of each class sum up to, and in the last row those of all.

    Attributes:
        spectra: float64 (classes + 1, R), mean power of each radius; NaN without images.
        colours: int64 (classes + 1, 3, 256), pixels of each level.
        resized: how many images had another size.
    """

    spectra: npt.NDArray[np.float64]
    colours: npt.NDArray[np.int64]
    resized: int


def sum_pixels(sample: Sample, size: tuple[int, int], classes: int, of_all: Places) -> PixelSums:
    """Read a sample once, and sum up its pixels.

    Args:
        sample: the images.
        size: height and width, to which they are brought.
        classes: how many there are.
        of_all: places of the images in the row of all classes.

    Raises:
        UserError: an image that is not there, or cannot be read.
    """
    in_all = np.isin(np.arange(len(sample.ids)), of_all)
    powers = np.zeros((classes + 1, min(size) // 2))
    counts = np.zeros(classes + 1, dtype=np.int64)
    colours = np.zeros((classes + 1, 3, 256), dtype=np.int64)
    resized = 0
    for batch in sample.batches(size):
        resized += batch.resized
        labels, here = sample.labels[batch.places], in_all[batch.places]
        own = radial_powers(batch.pixels)
        groups = [(label, labels == label) for label in np.unique(labels).tolist()]
        for row, members in [*groups, (classes, here)]:
            powers[row] += own[members].sum(axis=0)
            counts[row] += members.sum()
            colours[row] += colour_counts(batch.pixels[members])
    with np.errstate(invalid="ignore"):
        spectra = powers / counts[:, None]
    return PixelSums(spectra, colours, resized)
