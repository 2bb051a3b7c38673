"""What is measured on an image itself, with no model."""

import dataclasses

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

_WHITE = 255


@dataclasses.dataclass(frozen=True)
class Measures:
    """Four numbers of one image, whose grey levels count from 0, black, to 1, white.

    Attributes:
        perceptual_hash: 64 bits as a signed integer; see `perceptual_hash`.
        brightness: mean of the grey levels, 0 to 1.
        contrast: their standard deviation, 0 to 0.5.
        sharpness: variance of their Laplacian, 0 to 16; see `sharpness`.
    """

    perceptual_hash: int
    brightness: float
    contrast: float
    sharpness: float


def measure(image: Image.Image) -> Measures:
    """Measure an image of mode RGB, as it is stored.

    A grey level is Pillow's: (299 R + 587 G + 114 B) / 1000, to the nearest of 256.
    """
    grey = image.convert("L")
    levels = np.asarray(grey)
    return Measures(
        perceptual_hash=perceptual_hash(grey),
        brightness=float(levels.mean()) / _WHITE,
        contrast=float(levels.std()) / _WHITE,
        sharpness=sharpness(levels),
    )


def perceptual_hash(image: Image.Image) -> int:
    """Return the 64 bits of `imagehash.phash`, row by row, the first as the sign of an int64.

    Two hashes differ in as many bits as their exclusive or has ones.
    """
    bits = np.packbits(imagehash.phash(image).hash.flatten())
    return int.from_bytes(bits.tobytes(), "big", signed=True)


def sharpness(levels: npt.NDArray[np.uint8]) -> float:
    """Return the variance of the Laplacian of grey levels from 0 to 1: low where edges are soft.

    The Laplacian of a pixel is the sum of its four neighbours less four times itself; it is taken
    where a pixel has four.

    Args:
        levels: (H, W), 0 to 255.

    Returns: 0 to 16; 0 for an image without such pixels, less than 3 wide or high.
    """
    whole = levels.astype(np.int16)
    inner = whole[1:-1, 1:-1]
    if inner.size == 0:
        return 0.0
    neighbours = whole[:-2, 1:-1] + whole[2:, 1:-1] + whole[1:-1, :-2] + whole[1:-1, 2:]
    return float((neighbours - 4 * inner).var()) / _WHITE**2
