"""Which classes of a long tail are many-, medium- and few-shot."""

import numpy as np
import numpy.typing as npt

from sau.core.errors import ArgumentError
from sau.metrics.classes import Classes, as_array

SHOTS = ("many", "medium", "few")


def shots(
    train_counts: Classes,
    *,
    many_above: int = 100,
    few_at_most: int = 20,
) -> npt.NDArray[np.str_]:
    """Call each class many, medium or few, by its real training images.

    Args:
        train_counts: real training images of each class, (C,).
        many_above: a class with more is many-shot.
        few_at_most: a class with so many or fewer is few-shot.

    Returns: names, (C,).

    Raises:
        ValueError: few_at_most above many_above.

    Source: Liu et al., "Large-Scale Long-Tailed Recognition in an Open World" (CVPR 2019).
    """
    if few_at_most > many_above:
        raise ArgumentError(f"few_at_most: {few_at_most}, expected at most many_above {many_above}")
    counts = as_array(train_counts)
    return np.where(counts > many_above, "many", np.where(counts <= few_at_most, "few", "medium"))
