"""Classes of images, in the forms in which callers have them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
import numpy.typing as npt

from sau.core.errors import ArgumentError

if TYPE_CHECKING:
    from torch import Tensor

Classes: TypeAlias = Union[npt.NDArray[Any], Sequence[int], "Tensor"]
"""A whole number for each of N images or C classes; tensors may be on any device."""

Counts = npt.NDArray[np.int64]


def as_array(values: Classes) -> npt.NDArray[Any]:
    """Return values as an array, from a GPU too."""
    return np.asarray(values if isinstance(values, Sequence | np.ndarray) else values.cpu())


def as_classes(values: Classes, classes: int | None, argument: str) -> Counts:
    """Return classes of images as int64 (N,).

    Args:
        values: integers (N,), 0 to C - 1.
        classes: C; None: any number.
        argument: what the caller calls them.

    Raises:
        ArgumentError: another shape or dtype, or a class outside 0 to C - 1.
    """
    found = as_array(values)
    if found.ndim != 1:
        raise ArgumentError(f"{argument}: shape {found.shape}, expected (N,)")
    if found.size and found.dtype.kind not in "iu":
        raise ArgumentError(f"{argument}: dtype {found.dtype}, expected integers")
    found = found.astype(np.int64)
    top = np.iinfo(np.int64).max if classes is None else classes - 1
    if found.size and not 0 <= found.min() <= found.max() <= top:
        limit = "0 or more" if classes is None else f"0 to {top}"
        raise ArgumentError(f"{argument}: from {found.min()} to {found.max()}, expected {limit}")
    return found


def as_pair(
    labels: Classes, predicted: Classes, classes: int | None = None
) -> tuple[Counts, Counts]:
    """Return true and predicted classes of the same images, at least one, as int64 (N,).

    Raises:
        ArgumentError: two lengths, no image, or what `as_classes` refuses.
    """
    true = as_classes(labels, classes, "labels")
    found = as_classes(predicted, classes, "predicted")
    if found.shape != true.shape:
        raise ArgumentError(f"predicted: shape {found.shape}, expected {true.shape} as of labels")
    if not len(true):
        raise ArgumentError("labels: no image, expected at least one")
    return true, found
