"""Against SciPy and the power series, whose terms are all positive, in float64."""

import math

import pytest
import torch
from scipy.special import gammaln, ive
from torch import Tensor

from sau.losses.bessel import log_scaled_bessel

ORDERS = [0, 0.5, 1, 3, 7, 15, 31, 31.5, 32, 63, 127, 255, 511]
ARGUMENTS = [0, 1e-6, 1e-3, 0.1, 1, 3, 10, 31, 63, 100, 300, 606]


def by_series(order: float, argument: float) -> float:
    """log(I_v(x) / x^v): the sum over k of (x / 2)^(2 k) / (k! Gamma(v + k + 1)), over 2^v."""
    if argument == 0:
        return -order * math.log(2) - gammaln(order + 1)
    terms = [
        2 * k * math.log(argument / 2) - gammaln(k + 1) - gammaln(order + k + 1)
        for k in range(int(3 * argument) + 60)
    ]
    largest = max(terms)
    total = math.fsum(math.exp(term - largest) for term in terms)
    return largest + math.log(total) - order * math.log(2)


def value(order: float, argument: float) -> float:
    squared = torch.tensor(float(argument) ** 2, dtype=torch.float64)
    return float(log_scaled_bessel(order, squared))


@pytest.mark.parametrize("order", ORDERS)
def test_bessel_function_equals_the_power_series(order: float) -> None:
    for argument in ARGUMENTS:
        # The oracle's gammaln of 1000 has 13 digits of 6000.
        expected = by_series(order, argument)
        assert value(order, argument) == pytest.approx(expected, rel=1e-12, abs=2e-11)


@pytest.mark.parametrize("order", ORDERS)
def test_bessel_function_equals_scipy_at_large_arguments(order: float) -> None:
    for argument in (800.0, 5e3, 2e4, 1e5, 1e6):
        scaled = float(ive(order, argument))
        expected = math.log(scaled) + argument - order * math.log(argument)
        assert value(order, argument) == pytest.approx(expected, rel=1e-13, abs=1e-11)


@pytest.mark.parametrize("order", ORDERS)
def test_gradient_is_the_ratio_of_neighbours(order: float) -> None:
    """The derivative with respect to x^2 is I_(v+1)(x) / (2 x I_v(x))."""
    for argument in (0.0, 0.1, 1.0, 10.0, 606.0, 1e5):
        squared = torch.tensor(argument**2, dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(log_scaled_bessel(order, squared), squared)
        if argument <= 606:
            expected = math.exp(by_series(order + 1, argument) - by_series(order, argument)) / 2
        else:
            expected = float(ive(order + 1, argument) / ive(order, argument)) / (2 * argument)
        assert float(gradient) == pytest.approx(expected, rel=1e-10)


def test_bessel_function_is_a_closed_form_for_three_dimensions() -> None:
    """I_(1/2)(x) = sqrt(2 / (pi x)) sinh(x)."""
    arguments = torch.linspace(0.1, 300, 50, dtype=torch.float64)
    closed: Tensor = torch.log(torch.sinh(arguments) / arguments * math.sqrt(2 / math.pi))
    torch.testing.assert_close(log_scaled_bessel(0.5, arguments**2), closed, atol=1e-11, rtol=1e-13)


def test_bessel_keeps_the_shape_and_works_in_float64() -> None:
    found = log_scaled_bessel(3, torch.rand(2, 3, 4))
    assert found.shape == (2, 3, 4)
    assert found.dtype == torch.float64
