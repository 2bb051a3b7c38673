"""Whether red and blue are swapped in one part of a data set."""

import numpy as np
import pandas as pd

_CHANNELS = ["red", "green", "blue"]
_TIMES = 4
"""How much better swapped colours must fit than those as they are."""
_CLEARLY = 25.0
"""How far the parts must differ for a class, in squared standard errors: 1 is chance."""


def mean_colours(images: pd.DataFrame) -> dict[str, list[float]]:
    """Return mean red, green and blue, 0 to 1, of the training and of the test images."""
    parts = {"training": images[~images.is_test], "test": images[images.is_test]}
    return {name: part[_CHANNELS].mean().tolist() for name, part in parts.items() if len(part)}


def is_swapped(images: pd.DataFrame) -> bool:
    """Return whether red and blue seem swapped in the training or in the test images.

    Red less blue is compared between the parts, class by class, in standard errors; so is red less
    blue with blue less red. Where the parts differ clearly, and hardly once one of them is swapped,
    they are.

    Args:
        images: with the columns label, is_test, red and blue (means of an image, 0 to 1).
    """
    warmth = images.assign(warmth=images.red - images.blue)
    by_class = warmth.groupby(["is_test", "label"]).warmth.agg(["mean", "var", "count"])
    by_class = by_class[by_class["count"] > 1]
    sides = [
        by_class.xs(side) if side in by_class.index.get_level_values(0) else by_class.iloc[:0]
        for side in (False, True)
    ]
    train, test = (side.reset_index(drop=False) for side in sides)
    if not (len(train) and len(test)):
        return False
    both = train.merge(test, on="label", suffixes=("", "_test"))
    if both.empty:
        return False
    errors = both["var"] / both["count"] + both["var_test"] / both["count_test"] + 1e-12
    as_they_are = float(np.mean((both["mean"] - both["mean_test"]) ** 2 / errors))
    swapped = float(np.mean((both["mean"] + both["mean_test"]) ** 2 / errors))
    return as_they_are > _CLEARLY and as_they_are > _TIMES * swapped
