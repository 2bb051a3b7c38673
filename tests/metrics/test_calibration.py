import itertools
import math

import numpy as np
import pytest
import torch

from sau.metrics import (
    area_under_risk_coverage,
    expected_calibration_error,
    negative_log_likelihood,
)
from sau.metrics.calibration_interval import calibration_error_interval


def probabilities_by_formula() -> tuple[np.ndarray, np.ndarray]:
    """Labels (200,) and probabilities (200, 4) without a random generator."""
    place = np.arange(200)
    labels = place % 7 % 4
    scores = np.sin(np.outer(place + 1.0, [1.0, 2.0, 3.0, 5.0]))
    scores[place, labels] += 1.0
    powers = np.exp(2 * scores)
    return labels, powers / powers.sum(axis=1, keepdims=True)


def slow_calibration_error(correct: list[bool], confidence: list[float], bins: int) -> float:
    total = 0.0
    for b in range(bins):
        inside = [
            i
            for i, c in enumerate(confidence)
            if b / bins < c <= (b + 1) / bins or (b == 0 and c == 0)
        ]
        if inside:
            accuracy = sum(correct[i] for i in inside) / len(inside)
            mean = sum(confidence[i] for i in inside) / len(inside)
            total += len(inside) / len(correct) * abs(accuracy - mean)
    return 100 * total


def slow_risk_coverage(correct: list[bool]) -> float:
    """Of images from the most confident down."""
    risks = [
        sum(not c for c in correct[:covered]) / covered for covered in range(1, len(correct) + 1)
    ]
    return 100 * sum(risks) / len(risks)


@pytest.mark.parametrize("bins", [1, 4, 15])
def test_calibration_error_equals_a_slow_loop(bins: int) -> None:
    random = np.random.default_rng(bins)
    labels, predicted = random.integers(0, 3, (2, 80))
    confidence = np.append(random.random(77), [0, 0.25, 1])

    found = expected_calibration_error(labels, predicted, confidence, bins=bins)

    slow = slow_calibration_error((labels == predicted).tolist(), confidence.tolist(), bins)
    assert found == pytest.approx(slow)


def test_figures_equal_those_of_torchmetrics_and_scikit_learn() -> None:
    from sklearn.metrics import log_loss

    labels, given = probabilities_by_formula()
    predicted, confidence = given.argmax(axis=1), given.max(axis=1)

    found = expected_calibration_error(labels, predicted, confidence)

    # torchmetrics 1.9.0: multiclass_calibration_error(torch.tensor(given), torch.tensor(labels),
    # num_classes=4, n_bins=15, norm="l1"). Its import takes 13 s, so it is not run here.
    assert found == pytest.approx(10.866135, abs=1e-4)
    likelihood = negative_log_likelihood(given[np.arange(200), labels])
    assert likelihood == pytest.approx(log_loss(labels, given))


def test_risk_coverage_equals_a_slow_loop() -> None:
    random = np.random.default_rng(0)
    labels, predicted = random.integers(0, 3, (2, 60))
    confidence = random.permutation(60) / 60
    order = np.argsort(-confidence)

    found = area_under_risk_coverage(labels, predicted, confidence)

    assert found == pytest.approx(slow_risk_coverage((labels == predicted)[order].tolist()))


def test_risk_coverage_of_ties_is_the_mean_over_their_orders() -> None:
    labels = [0] * 6
    predicted = [0, 1, 0, 1, 1, 0]
    confidence = [0.9, 0.5, 0.5, 0.5, 0.5, 0.1]
    tied = [False, True, False, False]
    orders = [slow_risk_coverage([True, *order, True]) for order in itertools.permutations(tied)]

    found = area_under_risk_coverage(labels, predicted, confidence)

    assert found == pytest.approx(sum(orders) / len(orders))


def test_risk_coverage_rewards_doubt_about_the_errors() -> None:
    labels, predicted = [0, 0, 0, 0], [0, 0, 0, 1]

    knows = area_under_risk_coverage(labels, predicted, [0.9, 0.8, 0.7, 0.1])
    does_not = area_under_risk_coverage(labels, predicted, [0.1, 0.7, 0.8, 0.9])

    assert knows == pytest.approx(100 * (1 / 4) / 4)
    assert does_not == pytest.approx(100 * (1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)


def test_sure_and_right_is_perfect() -> None:
    assert expected_calibration_error([0, 1], [0, 1], [1, 1]) == 0
    assert area_under_risk_coverage([0, 1], [0, 1], [1, 1]) == 0
    assert negative_log_likelihood([1, 1]) == 0


def test_likelihood_of_a_guess_is_the_logarithm_of_the_classes() -> None:
    assert negative_log_likelihood([0.1] * 5) == pytest.approx(math.log(10))


def test_likelihood_of_the_impossible_is_finite() -> None:
    assert negative_log_likelihood([0.0]) == pytest.approx(126 * math.log(2))


def test_tensors_of_any_precision_are_taken() -> None:
    confidence = torch.tensor([0.5, 1.0], dtype=torch.bfloat16, requires_grad=True)

    assert expected_calibration_error(torch.tensor([0, 1]), [0, 0], confidence) == 75
    assert negative_log_likelihood(confidence) == pytest.approx(math.log(2) / 2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, 1.5], "^confidence: from 0.5 to 1.5, expected 0 to 1"),
        ([0.5, math.nan], "^confidence: from nan to nan, expected 0 to 1"),
        ([0.5], r"^confidence: shape \(1,\), expected \(2,\) as of labels"),
        ([[0.5], [0.5]], r"^confidence: shape \(2, 1\), expected \(N,\)"),
        (["a", "b"], "^confidence: dtype <U1, expected numbers"),
    ],
)
def test_confidence_that_is_none_is_refused(values, message: str) -> None:  # type: ignore[no-untyped-def]
    for figure in (expected_calibration_error, area_under_risk_coverage):
        with pytest.raises(ValueError, match=message):
            figure([0, 1], [0, 1], values)


def test_no_image_and_no_bin_are_refused() -> None:
    with pytest.raises(ValueError, match="^label_probability: no image"):
        negative_log_likelihood([])
    with pytest.raises(ValueError, match="^bins: 0, expected at least 1"):
        expected_calibration_error([0], [0], [1.0], bins=0)


def answers_of(count: int, overconfident: float, seed: int) -> tuple[np.ndarray, ...]:
    """Labels, predicted classes and confidence of a classifier that is less often right than it
    says, by a share of its images."""
    random = np.random.default_rng(seed)
    confidence = random.uniform(0.4, 0.95, count)
    right = random.random(count) < confidence - overconfident
    return np.zeros(count, dtype=int), np.where(right, 0, 1), confidence


@pytest.mark.parametrize("overconfident", [0.0, 0.05, 0.2])
def test_interval_of_calibration_error_holds_that_of_all_images(overconfident: float) -> None:
    """Percentiles of drawn images hold it in none of these cases but the last."""
    truth = 100 * overconfident
    held = 0
    for seed in range(40):
        answers = answers_of(300, overconfident, seed)
        low, high = calibration_error_interval(*answers, resamples=199, seed=seed)
        assert 0 <= low <= expected_calibration_error(*answers) <= high
        held += low <= truth <= high
    assert held >= 32


def test_interval_of_calibration_error_narrows_and_is_refused_as_the_figure_is() -> None:
    few, many = (
        calibration_error_interval(*answers_of(count, 0.2, 0), resamples=199)
        for count in (200, 5000)
    )
    assert many[1] - many[0] < (few[1] - few[0]) / 2
    assert many[0] > 10
    again = calibration_error_interval(*answers_of(200, 0.2, 0), resamples=199)
    assert again == few
    with pytest.raises(ValueError, match=r"level: 1, expected between 0 and 1"):
        calibration_error_interval([0], [0], [0.5], level=1)
    with pytest.raises(ValueError, match="expected 0 to 1"):
        calibration_error_interval([0], [0], [1.5])
