"""What a rule says of each image: a column of text, null where it does not reject."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Part: TypeAlias = "str | pa.Array | npt.NDArray[Any]"

_DECIMALS = 6


def reasons(rejected: Mask, *parts: Part) -> pa.Array:
    """Write a sentence for each rejected image, without a loop over them.

    Args:
        rejected: which images, (N,).
        parts: of the sentence, in order: text that is the same for all, or a column of N numbers or
            texts, of which at least one; floats are rounded to 6 decimals.

    Returns: N strings, null where not rejected.
    """
    rows = np.flatnonzero(rejected)
    words = [pa.scalar(part) if isinstance(part, str) else _words(part, rows) for part in parts]
    sentences = pc.binary_join_element_wise(*words, "")
    places = pa.array(np.cumsum(rejected) - 1, mask=~rejected)
    return sentences.take(places)


def rejected_by(column: pa.Array) -> Mask:
    """Return which images a rule's column rejects, (N,)."""
    mask: Mask = column.is_valid().to_numpy(zero_copy_only=False)
    return mask


def _words(column: pa.Array | npt.NDArray[Any], rows: npt.NDArray[np.int64]) -> pa.Array:
    if isinstance(column, pa.Array):
        return column.take(pa.array(rows)).cast(pa.string())
    chosen = column[rows]
    if np.issubdtype(chosen.dtype, np.floating):
        chosen = np.round(chosen.astype(np.float64), _DECIMALS)
    return pa.array(chosen).cast(pa.string())
