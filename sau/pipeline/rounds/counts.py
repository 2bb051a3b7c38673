"""How many images a round of generation draws of each class."""

import math
from collections.abc import Sequence

from sau.longtail.need import counts_by_need


def needed_images(
    tails: Sequence[Sequence[int]], validated: tuple[Sequence[int], Sequence[int]] | None = None
) -> list[int]:
    """Return the synthetic images of each class that fill the tails: the most in any of them.

    `N_syn(c) = N_max - N_real(c)`, as in `sau.longtail.complement`, which is not imported: an edit
    there would generate all images again. Or by need.

    Args:
        tails: real images of each class, for one tail or more.
        validated: of each class validation images, and those of them that are right, where the
            tails are filled by need (`sau.longtail.need`).
    """
    lacking = [
        counts_by_need(counts, *validated) if validated else [max(counts) - n for n in counts]
        for counts in tails
    ]
    return [max(counts) for counts in zip(*lacking, strict=True)]


def images_to_draw(
    needed: Sequence[int], drawn: Sequence[int], kept: Sequence[int], ratio: float
) -> list[int]:
    """Return how many images the next round draws of each class; 0 for a class that is full.

    The first round draws `ceil(ratio * needed)`. A later one draws `ratio` times what should make
    up for the missing ones at the share that was kept so far, but never more than the first did;
    where none was kept, as many as that.

    Args:
        needed: images that a class lacks, N_syn(c).
        drawn: in the rounds so far, 0 before the first.
        kept: of those, by the filter.
        ratio: of over-generation, at least 1.
    """
    return [_to_draw(*counts, ratio) for counts in zip(needed, drawn, kept, strict=True)]


def _to_draw(needed: int, drawn: int, kept: int, ratio: float) -> int:
    most = _ceiling(ratio * needed)
    missing = max(needed - kept, 0)
    if not missing:
        return 0
    return min(most, _ceiling(ratio * missing * drawn / kept)) if kept else most


def _ceiling(value: float) -> int:
    # 1.1 * 10 is 11.000000000000002 in floating point: round before the ceiling.
    return math.ceil(round(value, 9))
