"""Synthetic images by need: more where a class is small and a network gets it wrong."""

from collections.abc import Sequence
from fractions import Fraction


def counts_by_need(real: Sequence[int], images: Sequence[int], right: Sequence[int]) -> list[int]:
    """Return how many synthetic images each class gets, as many in all as would fill the tail.

    With N(c) real images, the total is B = sum_c N_max - N(c). A class's share of it goes by
    (N_max - N(c)) e(c), where e(c) = (wrong + 1) / (images + 2) is its error on validation images
    by Laplace's rule of succession: one that has none counts as half wrong, one with few is never
    quite right. Shares are rounded down, and what is left goes to the largest remainders, of equal
    ones to the first class.

    Args:
        real: N(c), training images of each class; at least one class.
        images: validation images of each class.
        right: those of them that are classified rightly.
    """
    lacking = [max(real) - count for count in real]
    weights = [
        lack * Fraction(seen - good + 1, seen + 2)
        for lack, seen, good in zip(lacking, images, right, strict=True)
    ]
    total = sum(weights)
    if not total:
        return lacking
    shares = [sum(lacking) * weight / total for weight in weights]
    counts = [int(share) for share in shares]
    rounded_off = [share - count for share, count in zip(shares, counts, strict=True)]
    largest = sorted(range(len(shares)), key=lambda label: (-rounded_off[label], label))
    for label in largest[: sum(lacking) - sum(counts)]:
        counts[label] += 1
    return counts
