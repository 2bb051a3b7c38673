"""How far the colours of two samples of images are apart."""

import numpy as np
import numpy.typing as npt

from sau.metrics.generated.samples import Images, check_images

LEVELS = 256

Counts = npt.NDArray[np.int64]


def colour_difference(generated: Images, real: Images) -> float:
    """Return how far the colours of two samples are apart, as `difference_of_colours` says it.

    Args:
        generated: uint8 (M, 3, H, W).
        real: uint8 (N, 3, h, w).

    Returns: levels, 0 to 255.

    Raises:
        ValueError: another type or shape.
    """
    check_images(generated, "generated")
    check_images(real, "real")
    return difference_of_colours(colour_counts(generated), colour_counts(real))


def colour_counts(images: Images) -> Counts:
    """Return how many pixels of red, green and blue have each level, int64 (3, 256).

    Args:
        images: uint8 (N, 3, H, W).
    """
    return np.stack(
        [np.bincount(images[:, channel].ravel(), minlength=LEVELS) for channel in range(3)]
    )


def difference_of_colours(generated: Counts, real: Counts) -> float:
    """Return how far levels have to be moved to make one sample's colours the other's.

    The mean over red, green and blue of the Wasserstein distance of all pixels' levels: the sum
    over levels of |the share of pixels up to it, of the one sample less that of the other|.

    Args:
        generated: int64 (3, 256), as `colour_counts` returns it; at least one pixel of each.
        real: likewise.

    Returns: levels, 0 to 255.

    Source: in one dimension the earth mover's distance is that of the cumulative distributions,
    Cohen and Guibas, "The Earth Mover's Distance: Lower Bounds and Invariance under Translation"
    (1997).
    """
    apart = np.abs(_cumulative(generated) - _cumulative(real))
    return float(apart.sum(axis=1).mean())


def _cumulative(counts: Counts) -> npt.NDArray[np.float64]:
    """Return the share of pixels up to each level, (3, 256)."""
    shares: npt.NDArray[np.float64] = np.cumsum(counts, axis=1) / counts.sum(axis=1, keepdims=True)
    return shares
