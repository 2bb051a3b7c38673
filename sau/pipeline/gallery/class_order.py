"""Which class the page begins with: the smallest, as its images matter most."""

from collections.abc import Sequence

import pandas as pd

_BALANCED = 2
"""Where no class has so many times the images of another, the set counts as balanced."""


def smallest_first(images: pd.DataFrame, real: Sequence[int]) -> pd.DataFrame:
    """Return images class by class, the class with the fewest real images first.

    Of a balanced set the last class comes first: long tails are cut so that classes get smaller
    with their labels.

    Args:
        images: column label (from 0) and any more; within a class they keep their order.
        real: real images of each class, in label order.
    """
    balanced = max(real, default=0) < _BALANCED * min(real, default=0)
    sizes = [0] * len(real) if balanced else list(real)
    order = sorted(range(len(real)), key=lambda label: (sizes[label], -label))
    places = {label: place for place, label in enumerate(order)}
    return images.sort_values(
        "label", key=lambda labels: labels.map(places), kind="stable", ignore_index=True
    )
