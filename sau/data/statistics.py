"""Mean and standard deviation of the training images, to normalise with."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
from PIL import Image

DIGITS = 6


class PixelStatistics:
    """Counts the pixel values of each channel, so that the sums are exact in any order."""

    def __init__(self) -> None:
        self._counts = np.zeros((3, 256), dtype=np.int64)

    def add(self, image: Image.Image) -> None:
        """Count the pixels of an RGB image."""
        self._counts += np.array(image.histogram(), dtype=np.int64).reshape(3, 256)

    def add_pixels(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Count the pixels of RGB images, uint8 (N, 3, H, W)."""
        for channel in range(3):
            self._counts[channel] += np.bincount(pixels[:, channel].ravel(), minlength=256)

    def mean(self) -> list[float]:
        """Return the mean of each channel over all pixels, 0 to 1, rounded to 6 digits."""
        return [round(float(self._moment(channel, 1) / 255), DIGITS) for channel in range(3)]

    def std(self) -> list[float]:
        """Return the population standard deviation of each channel, 0 to 0.5, to 6 digits."""
        variances = [
            self._moment(channel, 2) - self._moment(channel, 1) ** 2 for channel in range(3)
        ]
        return [round(float(np.sqrt(float(variance)) / 255), DIGITS) for variance in variances]

    def _moment(self, channel: int, power: int) -> Fraction:
        counts = [int(count) for count in self._counts[channel]]
        total = sum(count * value**power for value, count in enumerate(counts))
        return Fraction(total, sum(counts))
