import numpy as np
import pytest

from sau.metrics.generated import expected_coverage, manifold_figures
from sau.metrics.generated.manifolds import _ROWS


def features(count: int, seed: int, scale: float = 1.0, width: int = 3) -> np.ndarray:
    return scale * np.random.default_rng(seed).normal(size=(count, width))


def slow_radius(sample: np.ndarray, place: int, k: int) -> float:
    others = [np.linalg.norm(sample[place] - z) for i, z in enumerate(sample) if i != place]
    return sorted(others)[k - 1]


def slow_figures(y: np.ndarray, x: np.ndarray, k: int) -> tuple[float, float, float, float]:
    real = [slow_radius(x, i, k) for i in range(len(x))]
    made = [slow_radius(y, j, k) for j in range(len(y))]
    inside = [[np.linalg.norm(a - b) <= r for a, r in zip(x, real, strict=True)] for b in y]
    back = [[np.linalg.norm(a - b) <= r for b, r in zip(y, made, strict=True)] for a in x]
    precision = 100 * sum(any(row) for row in inside) / len(y)
    recall = 100 * sum(any(row) for row in back) / len(x)
    density = sum(map(sum, inside)) / k / len(y)
    coverage = 100 * sum(any(row[i] for row in inside) for i in range(len(x))) / len(x)
    return precision, recall, density, coverage


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(("m", "n"), [(6, 6), (30, 9), (8, 25)])
def test_figures_equal_a_slow_loop(k: int, m: int, n: int) -> None:
    y, x = features(m, 0, 1.5), features(n, 1)
    assert manifold_figures(y, x, neighbours=k) == pytest.approx(slow_figures(y, x, k))


def test_figures_are_the_same_in_blocks() -> None:
    y, x = features(40, 0), features(_ROWS + 5, 1)
    assert manifold_figures(y, x) == pytest.approx(slow_figures(y, x, 5))


def test_copies_of_the_real_images() -> None:
    x = features(30, 0)
    found = manifold_figures(x, x)
    assert (found.precision, found.recall, found.coverage) == (100, 100, 100)
    # A neighbour at exactly the radius is within it: each ball holds its centre and k others.
    assert found.density == pytest.approx(6 / 5)


def test_far_images_and_images_that_are_all_alike() -> None:
    x = features(30, 0)
    assert manifold_figures(x + 100, x) == (0, 0, 0, 0)
    same = np.tile(x.mean(axis=0), (30, 1))
    found = manifold_figures(same, x)
    assert found.precision == 100
    assert found.recall == 0
    assert 0 < found.coverage < 100
    assert found.density == pytest.approx(found.coverage / 100 * len(x) / 5)


@pytest.mark.parametrize(("m", "n", "k"), [(12, 12, 3), (40, 10, 2), (5, 20, 3)])
def test_coverage_of_the_real_distribution_is_as_expected(m: int, n: int, k: int) -> None:
    found = [
        manifold_figures(features(m, 2 * i), features(n, 2 * i + 1), neighbours=k).coverage
        if m > k
        else 0
        for i in range(600)
    ]
    error = np.std(found) / len(found) ** 0.5
    assert abs(np.mean(found) - expected_coverage(m, n, neighbours=k)) < 4 * error


def test_neighbours_are_counted_from_one() -> None:
    with pytest.raises(ValueError, match="neighbours: 0, expected at least 1"):
        manifold_figures(features(9, 0), features(9, 1), neighbours=0)
