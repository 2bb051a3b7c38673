"""Whether red and blue are swapped in one part."""

import numpy as np
import pandas as pd
import pytest

from sau.tools.init.colours import is_swapped


def images(train, test, noise=0.1, per_class=30, seed=0):
    """Mean colours of images whose classes have the given (red, blue), in the two parts."""
    draws = np.random.default_rng(seed)
    rows = [
        {
            "label": label,
            "is_test": is_test,
            "red": red + noise * draws.standard_normal(),
            "blue": blue + noise * draws.standard_normal(),
        }
        for is_test, part in ((False, train), (True, test))
        for label, (red, blue) in enumerate(part)
        for _ in range(per_class)
    ]
    return pd.DataFrame(rows).assign(green=0.5)


CLASSES = [(0.6, 0.3), (0.4, 0.5), (0.5, 0.2)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ([(blue, red) for red, blue in CLASSES], True),
        (CLASSES, False),
        ([(red + 0.1, blue + 0.1) for red, blue in CLASSES], False),
        ([(red + 0.3, blue) for red, blue in CLASSES], False),
        ([(0.5, 0.5)] * 3, False),
    ],
)
def test_swapped_parts_are_distinguished_from_others(test, expected, seed):
    assert is_swapped(images(CLASSES, test, seed=seed)) is expected


def test_grey_images_and_one_part_alone_are_not_swapped():
    grey = images([(0.5, 0.5)] * 3, [(0.5, 0.5)] * 3, noise=0)
    assert not is_swapped(grey)
    assert not is_swapped(grey[~grey.is_test])
    assert not is_swapped(images(CLASSES, CLASSES, per_class=1))
