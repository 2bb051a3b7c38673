import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from sau.metrics.generated import colour_difference


def noise(count: int, seed: int, high: int = 256, size: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, high, (count, 3, size, size), dtype=np.uint8)


def test_difference_equals_scipys() -> None:
    a, b = noise(3, 0), noise(7, 1, 128, 4)
    slow = [wasserstein_distance(a[:, c].ravel(), b[:, c].ravel()) for c in range(3)]
    assert colour_difference(a, b) == pytest.approx(np.mean(slow))


def test_brighter_images_are_as_many_levels_apart() -> None:
    dark = noise(4, 0, 200)
    assert colour_difference(dark + 20, dark) == pytest.approx(20)
    assert colour_difference(dark, dark) == 0


def test_images_that_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="real: uint8 of shape .2, 5, 5."):
        colour_difference(noise(1, 0), noise(2, 0)[:, 0])
