"""Long-tailed counts and samples, by the two protocols in use."""

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from sau.core.errors import ArgumentError

Labels = npt.NDArray[np.int64]

Protocol = Literal["choice", "cao"]
"""How a class's images are drawn; see `sample_long_tail`."""


def long_tailed_counts(largest: int, classes: int, imbalance_factor: float) -> list[int]:
    """Return the real images of each class: `int(N_o * IF^(-i / (n - 1)))` for class i of n.

    Args:
        largest: N_o, images of the largest class, class 0.
        classes: n, at least 1.
        imbalance_factor: IF = N_max / N_min, at least 1.

    Raises:
        ValueError: an argument out of its range.

    Source: Cui et al., Class-Balanced Loss (CVPR 2019), as in the SAU paper's experiments.
    """
    for name, value in {"largest": largest, "classes": classes}.items():
        if value < 1:
            raise ArgumentError(f"{name}: {value}, expected at least 1")
    if not 1 <= imbalance_factor < math.inf:
        raise ArgumentError(f"imbalance_factor: {imbalance_factor:g}, expected at least 1")
    steps = max(classes - 1, 1)
    return [int(largest * imbalance_factor ** (-i / steps)) for i in range(classes)]


def cap_imbalance_factor(largest: int, classes: int, imbalance_factor: float) -> float:
    """Return the factor, lowered to the largest at which no class is empty (that is N_o)."""
    if long_tailed_counts(largest, classes, imbalance_factor)[-1] >= 1:
        return imbalance_factor
    capped = float(largest)
    # N_o * N_o^-1 can come out as 0.9999...: step down to the next float that does not.
    while long_tailed_counts(largest, classes, capped)[-1] < 1:
        capped = math.nextafter(capped, 1.0)
    return capped


def sample_long_tail(
    labels: npt.ArrayLike, counts: Sequence[int], *, protocol: Protocol = "choice", seed: int = 0
) -> Labels:
    """Choose `counts[c]` images of each class c, without replacement.

    Args:
        labels: class of each image in the data set's own order, integers (N,).
        counts: of each class; see `long_tailed_counts`.
        protocol: `cao` shuffles the class's indices and takes the first, with one
            `RandomState(seed)` for all classes (LDAM, BCL, PaCo; seed 0 is their split);
            `choice` draws with `RandomState(seed).choice(replace=False)` (GLMC, SAU).
        seed: of the sample, 0 to below 2**32.

    Returns: indices into `labels`, class by class, in the order of the draw, (sum of counts,).

    Raises:
        ValueError: a class has fewer images than it should keep, or a label without a count.
    """
    if protocol not in get_args(Protocol):
        raise ArgumentError(f"protocol: {protocol!r}, expected {' or '.join(get_args(Protocol))}")
    found = np.asarray(labels)
    there = np.bincount(found, minlength=len(counts))
    if len(there) > len(counts):
        raise ArgumentError(f"counts: {len(counts)} of them, but there is label {len(there) - 1}")
    # The protocols are defined by NumPy's legacy generator; this one is ours alone, not the global.
    random = np.random.RandomState(seed)
    chosen = []
    classes = np.split(np.argsort(found, kind="stable"), np.cumsum(there)[:-1])
    for label, (indices, count) in enumerate(zip(classes, counts, strict=True)):
        if len(indices) < count:
            raise ArgumentError(
                f"counts: class {label} should keep {count} images, but has {len(indices)}"
            )
        if protocol == "cao":
            random.shuffle(indices)
            chosen.append(indices[:count])
        else:
            chosen.append(random.choice(indices, count, replace=False))
    return np.concatenate(chosen).astype(np.int64)
