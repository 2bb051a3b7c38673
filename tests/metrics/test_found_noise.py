import math

import numpy as np
import pytest

from sau.metrics.found_noise import FoundNoise, Share, found_noise, found_noise_by_class

CALLED = np.array([True, True, False, False, True, False])
WRONG = np.array([True, False, True, False, True, True])
LABELS = np.array([0, 0, 0, 2, 2, 2])


def wilson(cases, of):
    """The two roots of (p - q)**2 = z**2 q (1 - q) / n."""
    z, p = 1.959963984540054, cases / of
    roots = np.roots([1 + z**2 / of, -2 * p - z**2 / of, p**2])
    return sorted(roots.real)


@pytest.mark.parametrize(("cases", "of"), [(0, 5), (5, 5), (1, 2), (7, 30), (400, 1000)])
def test_interval_is_wilsons(cases, of):
    share = Share.counted(cases, of)

    assert share.value == cases / of
    np.testing.assert_allclose([share.low, share.high], wilson(cases, of), atol=1e-12)


def test_share_of_nothing_is_no_number():
    share = Share.counted(0, 0)

    assert all(map(math.isnan, (share.value, share.low, share.high)))


def test_counts_equal_a_loop():
    pairs = list(zip(CALLED.tolist(), WRONG.tolist(), strict=True))

    found = found_noise(CALLED, WRONG)

    assert found == FoundNoise(6, 3, 4, sum(c and w for c, w in pairs))
    assert found.precision.value == 2 / 3
    assert found.recall.value == 1 / 2
    assert found.share_called.value == 1 / 2


def test_each_class_by_itself():
    first, none, last = found_noise_by_class(CALLED, WRONG, LABELS, 3)

    assert (first, none, last) == (
        FoundNoise(3, 2, 2, 1),
        FoundNoise(0, 0, 0, 0),
        FoundNoise(3, 1, 2, 1),
    )


@pytest.mark.parametrize("wrong", [WRONG[:3], WRONG.astype(int)])
def test_other_verdicts_are_refused(wrong):
    with pytest.raises(ValueError, match=r"^wrong: .*expected bool \(6,\)"):
        found_noise(CALLED, wrong)
    with pytest.raises(ValueError, match="^labels: shape"):
        found_noise_by_class(CALLED, WRONG, LABELS[:2], 3)
