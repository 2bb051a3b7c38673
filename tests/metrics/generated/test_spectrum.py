import numpy as np
import pytest

from sau.metrics.generated import radial_spectrum, spectrum_difference


def noise(count: int, seed: int, size: tuple[int, int] = (6, 8)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 3, *size), dtype=np.uint8)


def slow_spectrum(images: np.ndarray) -> list[float]:
    height, width = images.shape[2:]
    side = min(height, width)
    found: dict[int, list[float]] = {}
    for image in images.astype(float) / 255:
        grey = 0.299 * image[0] + 0.587 * image[1] + 0.114 * image[2]
        grey = grey - grey.mean()
        for v in range(height):
            for u in range(width):
                turn = [
                    grey[y, x] * np.exp(-2j * np.pi * (u * x / width + v * y / height))
                    for y in range(height)
                    for x in range(width)
                ]
                down = (v if v < height / 2 else v - height) / height * side
                across = (u if u < width / 2 else u - width) / width * side
                power = abs(sum(turn)) ** 2 / height / width
                found.setdefault(round(float(np.hypot(down, across))), []).append(power)
    return [float(np.mean(found[r])) for r in range(1, side // 2 + 1)]


@pytest.mark.parametrize("size", [(6, 8), (7, 5)])
def test_spectrum_equals_a_slow_loop(size: tuple[int, int]) -> None:
    images = noise(2, 0, size)
    assert radial_spectrum(images) == pytest.approx(slow_spectrum(images))


def test_wave_has_power_at_its_own_radius_alone() -> None:
    wave = 127.5 + 100 * np.cos(2 * np.pi * 3 * np.arange(16) / 16)
    images = np.broadcast_to(wave, (1, 3, 16, 16)).astype(np.uint8)
    assert radial_spectrum(images).argmax() == 2


def test_blur_is_seen() -> None:
    sharp = noise(20, 0, (16, 16))
    blurred = ((sharp.astype(int) + np.roll(sharp, 1, 3) + np.roll(sharp, 1, 2)) // 3).astype(
        np.uint8
    )
    near, far = (
        spectrum_difference(noise(20, 1, (16, 16)), sharp),
        spectrum_difference(blurred, sharp),
    )
    assert spectrum_difference(sharp, sharp) == 0
    assert near < 0.1 < far


def test_images_without_any_contrast_are_finite() -> None:
    flat = np.zeros((2, 3, 8, 8), np.uint8)
    assert spectrum_difference(flat, flat) == 0
    assert np.isfinite(spectrum_difference(flat, noise(2, 0, (8, 8))))


def test_images_that_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="images: float64 of shape"):
        radial_spectrum(np.zeros((1, 3, 4, 4)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="images: 1 x 9 pixels, expected at least 2 x 2"):
        radial_spectrum(noise(1, 0, (1, 9)))
    with pytest.raises(ValueError, match="real: uint8 of shape .0, 3, 6, 8."):
        spectrum_difference(noise(1, 0), noise(0, 0))
    with pytest.raises(ValueError, match=r"generated: \(6, 8\) pixels, but real has \(8, 6\)"):
        spectrum_difference(noise(1, 0), noise(1, 0, (8, 6)))
