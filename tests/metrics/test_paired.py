import math

import numpy as np
import pytest
from scipy import stats

from sau.metrics import Difference, Verdict, paired_bootstrap, paired_over_seeds


def right(random: np.random.Generator, seeds: int, chances: np.ndarray, spread: float):  # type: ignore[no-untyped-def]
    """Return whether each of some seeds is right on each image, (S, N)."""
    luck = random.normal(0, spread, (seeds, 1))
    return random.random((seeds, len(chances))) < chances + luck


def slow_bootstrap(correct, baseline, resamples: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Draw images and seeds one by one; return the differences that they give, in points."""
    random = np.random.default_rng(1)
    seeds, images = correct.shape
    t, z = stats.t.ppf(0.975, seeds - 1), stats.norm.ppf(0.975)
    total = (correct.mean() - baseline.mean()).item()
    found = []
    for _ in range(resamples):
        drawn = random.integers(0, images, images)
        of_images = correct[:, drawn].mean() - baseline[:, drawn].mean()
        picked = random.integers(0, seeds, seeds)
        of_seeds = correct[picked].mean() - baseline[picked].mean() - total
        found.append(of_images + math.sqrt(seeds / (seeds - 1)) * t / z * of_seeds)
    return 100 * np.array(found)


@pytest.mark.parametrize("seeds", [2, 4])
def test_bootstrap_equals_one_that_draws_index_by_index(seeds: int) -> None:
    random = np.random.default_rng(0)
    chances = random.random(150)
    correct, baseline = (right(random, seeds, chances + d, 0.02) for d in (0.05, 0))

    found = paired_bootstrap(correct, baseline)

    slow = slow_bootstrap(correct, baseline, 4000)
    assert found.mean == pytest.approx(100 * (correct.mean() - baseline.mean()))
    assert [found.low, found.high] == pytest.approx(
        np.quantile(slow, [0.025, 0.975]).tolist(), abs=0.15 * slow.std()
    )
    assert (found.seeds, found.images) == (seeds, 150)


@pytest.mark.parametrize(
    ("seeds", "images", "spread"), [(3, 1000, 0.03), (3, 200, 0.0), (5, 400, 0.01)]
)
def test_interval_holds_the_true_difference_as_often_as_it_says(
    seeds: int, images: int, spread: float
) -> None:
    random = np.random.default_rng(0)
    held = 0
    for trial in range(200):
        easy = random.uniform(0.3, 0.7, images)
        correct, baseline = (right(random, seeds, easy + d, spread) for d in (0.03, 0))
        found = paired_bootstrap(correct, baseline, resamples=500, seed=trial)
        held += found.low <= 3 <= found.high
    assert held >= 0.93 * 200


@pytest.mark.parametrize(("seeds", "near"), [(6, 0.2), (40, 0.06)])
def test_bootstrap_is_as_wide_as_a_t_test_where_all_images_are_alike(
    seeds: int, near: float
) -> None:
    all_right = np.random.default_rng(1).random((2, seeds)) < [[0.7], [0.4]]
    correct, baseline = (np.repeat(side[:, None], 50, axis=1) for side in all_right)

    found = paired_bootstrap(correct, baseline)

    expected = paired_over_seeds(*(100.0 * side for side in all_right))
    assert found.mean == pytest.approx(expected.mean)
    assert found.high - found.low == pytest.approx(expected.high - expected.low, rel=near)


def test_over_seeds_equals_scipys_paired_t_test() -> None:
    random = np.random.default_rng(0)
    figures, baseline = random.normal(50, 2, (2, 5))

    found = paired_over_seeds(figures.tolist(), baseline.tolist(), level=0.9)

    expected = stats.ttest_rel(figures, baseline).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.mean == pytest.approx((figures - baseline).mean())
    assert (found.seeds, found.images) == (5, 0)


def test_same_draws_give_the_same_interval() -> None:
    random = np.random.default_rng(0)
    correct, baseline = random.random((2, 3, 100)) < 0.5

    assert paired_bootstrap(correct, baseline) == paired_bootstrap(correct, baseline)
    assert paired_bootstrap(correct, baseline) != paired_bootstrap(correct, baseline, seed=1)


def test_methods_that_agree_everywhere_do_not_differ() -> None:
    correct = np.ones((3, 10), dtype=bool)

    assert paired_bootstrap(correct, correct) == Difference(0, 0, 0, 3, 10)
    assert paired_bootstrap(correct, correct).verdict == Verdict.NONE


@pytest.mark.parametrize(
    ("difference", "word"),
    [
        (Difference(2, 1, 3, 3), "better"),
        (Difference(-2, -3, -1, 3), "worse"),
        (Difference(2, -1, 5, 3), "no difference that these runs can tell"),
        (Difference(2, 0, 4, 3), "no difference that these runs can tell"),
        (Difference(2, 1, 3, 2), "too few seeds"),
        (Difference(2, math.nan, math.nan, 1), "too few seeds"),
    ],
)
def test_verdict_is_a_plain_word(difference: Difference, word: str) -> None:
    assert str(difference.verdict) == word


def test_single_seed_has_an_interval_over_images_alone() -> None:
    correct, baseline = np.random.default_rng(0).random((2, 1, 400)) < [[[0.6]], [[0.5]]]

    found = paired_bootstrap(correct, baseline)

    gains = correct[0].astype(int) - baseline[0]
    half = 196 * gains.std() / math.sqrt(400)
    assert (found.low, found.high) == pytest.approx(
        (found.mean - half, found.mean + half), abs=0.1 * half
    )
    assert found.verdict == Verdict.TOO_FEW_SEEDS
    assert math.isnan(paired_over_seeds([1.0], [0.0]).low)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: paired_bootstrap(np.ones(3), np.ones(3)), r"^correct: shape \(3,\), expected"),
        (lambda: paired_bootstrap(np.ones((2, 3)), np.ones((2, 4))), r"^baseline: shape \(2, 4\)"),
        (lambda: paired_bootstrap(np.ones((2, 0)), np.ones((2, 0))), r"^correct: shape \(2, 0\)"),
        (lambda: paired_bootstrap(np.ones((2, 3)), np.ones((2, 3)), level=95), "^level: 95,"),
        (lambda: paired_over_seeds([1.0], []), "^baseline: 0 seeds, expected 1"),
        (lambda: paired_over_seeds([], []), "^figures: no seed"),
        (lambda: paired_over_seeds([1.0], [1.0], level=0), "^level: 0, expected between 0 and 1"),
    ],
)
def test_what_cannot_be_paired_is_refused(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()
