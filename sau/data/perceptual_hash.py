"""Perceptual hashes: 64 bits of which images that look alike share most."""

from collections.abc import Sequence

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.fftpack import dct

_HASHED = 32
"""Pixels of a side that `imagehash.phash` looks at, of which it takes the lowest frequencies."""
_BITS = 8
"""Frequencies of each direction."""


def perceptual_hash(image: Image.Image) -> int:
    """Return the 64 bits of `imagehash.phash`, row by row, the first as the sign of an int64.

    Two hashes differ in as many bits as their exclusive or has ones.
    """
    bits = np.packbits(imagehash.phash(image).hash.flatten())
    return int.from_bytes(bits.tobytes(), "big", signed=True)


def perceptual_hashes(greys: Sequence[Image.Image]) -> npt.NDArray[np.int64]:
    """Return `perceptual_hash` of each of N grey images, (N,), sooner; N is at least 1."""
    size = (_HASHED, _HASHED)
    small = [np.asarray(grey.resize(size, Image.Resampling.LANCZOS)) for grey in greys]
    waves = dct(dct(np.stack(small), axis=1), axis=2)[:, :_BITS, :_BITS].reshape(len(greys), -1)
    bits = waves > np.median(waves, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(">i8")[:, 0].astype(np.int64)
