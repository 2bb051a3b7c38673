"""Random streams derived from names, so that no result depends on the order of draws elsewhere."""

import hashlib
from collections.abc import Hashable

import numpy as np


def derive_seed(*names: Hashable) -> int:
    """Return a seed that depends on `names` alone.

    The names (strings or integers, such as `("training", 0, "views", 12)`) are hashed with SHA-256,
    so the seed is the same in every process, on every platform and with any `PYTHONHASHSEED`.

    Returns an integer in [0, 2**63), the range that both torch and NumPy accept.
    """
    text = "\x1f".join(f"{type(name).__name__}:{name}" for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def numpy_generator(*names: Hashable) -> np.random.Generator:
    """Return a NumPy generator (PCG64) for the stream called `names`."""
    return np.random.Generator(np.random.PCG64(derive_seed(*names)))
