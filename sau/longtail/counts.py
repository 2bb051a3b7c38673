"""Long-tailed counts and samples, by the two protocols in use."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sau.core.errors import UserError

Labels = npt.NDArray[np.int64]


def long_tailed_counts(largest: int, classes: int, imbalance_factor: float) -> list[int]:
    """Return the real images of each class: `int(N_o * IF^(-i / (n - 1)))` for class i of n.

    Args:
        largest: N_o, images of the largest class, class 0.
        classes: n, at least 1.
        imbalance_factor: IF = N_max / N_min, at least 1.

    Source: Cui et al., Class-Balanced Loss (CVPR 2019), as in the SAU paper's experiments.
    """
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


def sample(
    labels: Labels,
    counts: list[int],
    protocol: str,
    seed: int,
    class_names: Sequence[str] | None = None,
) -> Labels:
    """Choose `counts[c]` images of each class c, without replacement.

    Args:
        labels: class of each image in the data set's own order, (N,).
        counts: of each class.
        protocol: `cao` shuffles the class's indices and takes the first, with one
            `RandomState(seed)` for all classes (LDAM, BCL, PaCo; seed 0 is their split);
            `choice` draws with `RandomState(seed).choice(replace=False)` (GLMC, SAU).
        seed: of the sample, below 2**32.
        class_names: for messages.

    Returns: indices into `labels`, class by class, in the order of the draw, (sum of counts,).

    Raises:
        UserError: a class has fewer images than it should keep.
    """
    # The protocols are defined by NumPy's legacy generator; this one is ours alone, not the global.
    random = np.random.RandomState(seed)
    chosen = []
    ends = np.cumsum(np.bincount(labels, minlength=len(counts)))
    classes = np.split(np.argsort(labels, kind="stable"), ends[:-1])
    for label, (indices, count) in enumerate(zip(classes, counts, strict=True)):
        if len(indices) < count:
            name = class_names[label] if class_names else label
            raise UserError(
                f"subset: class {name} should keep {count} real images, but has {len(indices)}; "
                "lower subset.largest_class, or leave it out"
            )
        if protocol == "cao":
            random.shuffle(indices)
            chosen.append(indices[:count])
        else:
            chosen.append(random.choice(indices, count, replace=False))
    return np.concatenate(chosen).astype(np.int64)
