"""How far the colours of two samples of images are apart."""

import numpy as np
import numpy.typing as npt

from sau.metrics.generated.samples import Images, check_images

LEVELS = 256


def colour_difference(generated: Images, real: Images) -> float:
    """Return how far levels have to be moved to make one sample's colours the other's.

    The mean over red, green and blue of the Wasserstein distance of all pixels' levels: the sum
    over levels of |the share of pixels up to it, of the one sample less that of the other|.

    Args:
        generated: uint8 (M, 3, H, W).
        real: uint8 (N, 3, h, w).

    Returns: levels, 0 to 255.

    Raises:
        ValueError: another type or shape.

    Source: in one dimension the earth mover's distance is that of the cumulative distributions,
    Cohen and Guibas, "The Earth Mover's Distance: Lower Bounds and Invariance under Translation"
    (1997).
    """
    check_images(generated, "generated")
    check_images(real, "real")
    apart = np.abs(_cumulative(generated) - _cumulative(real))
    return float(apart.sum(axis=1).mean())


def _cumulative(images: Images) -> npt.NDArray[np.float64]:
    """Return the share of pixels up to each level, (3, 256)."""
    counts = np.stack(
        [np.bincount(images[:, channel].ravel(), minlength=LEVELS) for channel in range(3)]
    )
    shares: npt.NDArray[np.float64] = np.cumsum(counts, axis=1) / counts.sum(axis=1, keepdims=True)
    return shares
