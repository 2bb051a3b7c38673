"""The power of each spatial frequency: what generators blur, and what upsampling leaves behind."""

import numpy as np
import numpy.typing as npt

from sau.core.errors import ArgumentError
from sau.metrics.generated.samples import Images, check_images

Values = npt.NDArray[np.float64]

_LUMA = np.array([0.299, 0.587, 0.114])
"""Of red, green and blue in a grey level, ITU-R BT.601."""

_LEAST = 1e-6
"""Power, of grey levels 0 to 1 squared, below which rounding to 8 bits says more than the image."""

_IMAGES = 256


def radial_powers(images: Images) -> Values:
    """Return the power of each radius of frequency of each image, without its mean level.

    An image's grey levels, 0 to 1, less their mean, are transformed: F(u, v) = sum of
    g(x, y) exp(-2 pi i (ux/W + vy/H)) / sqrt(HW). Column r - 1 is the mean of |F|^2 over
    frequencies of radius about r, in cycles for the shorter side.

    Args:
        images: uint8 (N, 3, H, W), of one size.

    Returns: float64 (N, R), R half of the shorter side; at least 1.

    Raises:
        ValueError: another type or shape, or images of fewer than 2 pixels a side.

    Source: azimuthal integration of Durall, Keuper and Keuper, "Watch your Up-Convolution: CNN
    Based Generative Deep Neural Networks are Failing to Reproduce Spectral Distributions" (CVPR
    2020), equations 1 and 2, here with the mean in place of the sum.
    """
    check_images(images, "images")
    height, width = images.shape[2:]
    side = min(height, width)
    if side < 2:
        raise ArgumentError(f"images: {height} x {width} pixels, expected at least 2 x 2")
    down = np.fft.fftfreq(height)[:, None] * side
    across = np.fft.fftfreq(width)[None] * side
    radius = np.rint(np.hypot(down, across)).astype(np.int64).ravel()
    grey = np.tensordot(images, _LUMA, axes=(1, 0)) / 255
    grey -= grey.mean(axis=(1, 2), keepdims=True)
    powers = np.abs(np.fft.fft2(grey)) ** 2 / (height * width)
    sums = np.stack([np.bincount(radius, weights=power.ravel()) for power in powers])
    found: Values = sums[:, 1 : side // 2 + 1] / np.bincount(radius)[1 : side // 2 + 1]
    return found


def radial_spectrum(images: Images) -> Values:
    """Return the mean over images of `radial_powers`, float64 (R,); it raises what that does."""
    check_images(images, "images")
    parts = range(0, len(images), _IMAGES)
    sums = [radial_powers(images[start : start + _IMAGES]).sum(axis=0) for start in parts]
    mean: Values = np.sum(sums, axis=0) / len(images)
    return mean


def spectrum_difference(generated: Images, real: Images) -> float:
    """Return how far the spectra of two samples are apart, as `difference_of_spectra` says it.

    Args:
        generated: uint8 (M, 3, H, W).
        real: uint8 (N, 3, H, W), of the same size.

    Raises:
        ValueError: other types or shapes, or two sizes.
    """
    check_images(generated, "generated")
    check_images(real, "real")
    if generated.shape[2:] != real.shape[2:]:
        raise ArgumentError(
            f"generated: {generated.shape[2:]} pixels, but real has {real.shape[2:]}; expected one "
            "size"
        )
    return difference_of_spectra(radial_spectrum(generated), radial_spectrum(real))


def difference_of_spectra(generated: Values, real: Values) -> float:
    """Return the mean over radii of |log10 of the ratio of both spectra|: 1 is a factor of ten.

    Args:
        generated: float64 (R,), as `radial_spectrum` returns it.
        real: likewise, of images of the same size.
    """
    pair = [np.log10(np.maximum(one, _LEAST)) for one in (generated, real)]
    return float(np.abs(pair[0] - pair[1]).mean())
