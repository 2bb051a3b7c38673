"""The synthetic images that fill each class up to the largest."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.random_streams import numpy_generator

Labels = npt.NDArray[np.int64]


def complement_counts(real: list[int]) -> list[int]:
    """Return what each class lacks: `N_syn(c) = N_max - N_real(c)`."""
    return [max(real) - count for count in real]


def draw_complement(labels: Labels, counts: list[int], seed: int) -> Labels:
    """Draw synthetic images for each class, without replacement.

    A class's draw has its own stream and takes the first of one fixed shuffle, so a smaller tail's
    complement is part of a larger one's.

    Args:
        labels: class of each kept synthetic image, (N,).
        counts: how many each class lacks; where there are fewer, all of them are taken.
        seed: of the shuffles.

    Returns: indices into `labels`, class by class.
    """
    classes = _by_class(labels, np.argsort(labels, kind="stable"), len(counts))
    chosen = [np.empty(0, dtype=np.int64)]
    for label, (indices, count) in enumerate(zip(classes, counts, strict=True)):
        order = numpy_generator("complement", seed, label).permutation(len(indices))
        chosen.append(indices[order[:count]])
    return np.concatenate(chosen)


def best_complement(
    labels: Labels, scores: pa.ChunkedArray, ids: pa.ChunkedArray, counts: list[int]
) -> Labels:
    """Take exactly what each class lacks, best score first, ties by id.

    The same for every data seed; a smaller tail's complement is part of a larger one's.

    Args:
        labels: class of each kept synthetic image, (N,).
        scores: of each, finite, (N,).
        ids: of each, (N,).
        counts: how many each class lacks; where there are fewer, all of them are taken.

    Returns: indices into `labels`, class by class, best first.
    """
    table = pa.table({"label": labels, "score": scores, "id": ids})
    keys = [("label", "ascending"), ("score", "descending"), ("id", "ascending")]
    order = pc.sort_indices(table, sort_keys=keys).to_numpy().astype(np.int64)
    classes = _by_class(labels, order, len(counts))
    best = [indices[:count] for indices, count in zip(classes, counts, strict=True)]
    return np.concatenate([np.empty(0, dtype=np.int64), *best])


def _by_class(labels: Labels, order: Labels, classes: int) -> list[Labels]:
    """Cut indices that are sorted by class into one array for each class."""
    ends = np.cumsum(np.bincount(labels, minlength=classes))
    return np.split(order, ends[:-1])
