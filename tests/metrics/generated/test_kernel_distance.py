import itertools

import numpy as np
import pytest

from sau.metrics.generated import kernel_distance, manifold_figures
from sau.metrics.generated.kernel_distance import _ROWS


def features(count: int, seed: int, shift: float = 0.0, width: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, width)) + shift


def kernel(x: np.ndarray, y: np.ndarray) -> float:
    return (sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 3


def slow_distance(x: np.ndarray, y: np.ndarray) -> float:
    within = [np.mean([kernel(a, b) for a, b in itertools.permutations(one, 2)]) for one in (x, y)]
    return sum(within) - 2 * np.mean([kernel(a, b) for a in x for b in y])


def slow_error(x: np.ndarray, y: np.ndarray) -> float:
    total = 0.0
    for one, others, turned in ((x, y, False), (y, x, True)):
        without = []
        for place in range(len(one)):
            left = np.delete(one, place, axis=0)
            without.append(slow_distance(others, left) if turned else slow_distance(left, others))
        count = len(one)
        total += (count - 1) / count * np.sum((np.array(without) - np.mean(without)) ** 2)
    return total**0.5


@pytest.mark.parametrize(("m", "n"), [(3, 3), (9, 5), (4, 12)])
def test_distance_and_its_error_equal_a_slow_loop(m: int, n: int) -> None:
    x, y = features(m, 0), features(n, 1, 0.5)
    found = kernel_distance(x, y)
    assert found.value == pytest.approx(slow_distance(x, y))
    assert found.standard_error == pytest.approx(slow_error(x, y))


def test_distance_is_the_same_in_blocks() -> None:
    x, y = features(_ROWS + 3, 0), features(7, 1)
    whole = (x @ y.T / 4 + 1) ** 3
    inside = (x @ x.T / 4 + 1) ** 3
    own = (y @ y.T / 4 + 1) ** 3
    m, n = len(x), len(y)
    expected = (inside.sum() - np.trace(inside)) / (m * (m - 1))
    expected += (own.sum() - np.trace(own)) / (n * (n - 1)) - 2 * whole.mean()
    assert kernel_distance(x, y).value == pytest.approx(expected)


def test_samples_of_one_distribution_are_about_zero_apart() -> None:
    """Without bias: over many pairs the mean is 0 within its error, and the error is as said."""
    pairs = [kernel_distance(features(20, 2 * i), features(30, 2 * i + 1)) for i in range(400)]
    values = np.array([pair.value for pair in pairs])
    assert abs(values.mean()) < 4 * values.std() / len(values) ** 0.5
    said = np.sqrt(np.mean([pair.standard_error**2 for pair in pairs]))
    assert 0.7 < said / values.std() < 2.0
    assert (values < 0).any()


def test_farther_samples_are_farther_apart() -> None:
    values = [kernel_distance(features(50, 0, s), features(50, 1)).value for s in (0.2, 0.6, 2)]
    assert values == sorted(values)


@pytest.mark.parametrize("measure", [kernel_distance, manifold_figures])
def test_samples_that_cannot_be_compared(measure) -> None:
    good = features(9, 0)
    for bad, message in (
        (good[0], r"shape \(4,\), expected \(images, features\)"),
        (good[:2], "2 images, expected at least"),
        (good * np.inf, "not finite"),
    ):
        with pytest.raises(ValueError, match=f"^generated: .*{message}"):
            measure(bad, good)
        with pytest.raises(ValueError, match=f"^real: .*{message}"):
            measure(good, bad)
    with pytest.raises(ValueError, match="generated: 3 features, but real has 4"):
        measure(good[:, :3], good)
