"""Numbers as text, with fixed digits: the same in HTML, Markdown and CSV."""

import math
import re

MISSING = "missing"
"""Stands for the figures of runs that are not there."""

NONE = "—"
"""Stands where there is no number, such as the top-1 of a split without classes."""


_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Unicode's marks that turn the direction of the text around them."""


def named_turns(text: str) -> str:
    """Return a text in which marks that turn its direction are named, such as [U+202E]."""
    return _TURNS.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def percent(value: float | None, digits: int = 2) -> str:
    """Format a percentage with fixed digits; nothing for none."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.{digits}f}"


def decimal(value: float, digits: int) -> str:
    """Format a number for a CSV file with fixed digits: no minus before a zero, nothing for NaN."""
    return "" if math.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}"


def mean_std(mean: float, std: float) -> str:
    """Format a mean and its standard deviation; a single seed (std is NaN) shows no ±."""
    if math.isnan(mean):
        return NONE
    return percent(mean) if math.isnan(std) else f"{percent(mean)} ± {percent(std)}"


def number(value: float) -> str:
    """Format a factor or a count: at most two digits, no trailing zeros; NaN is a dash."""
    if math.isnan(value):
        return NONE
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")


def plain(value: float) -> str:
    """Format a factor for a CSV file: as `number`, without separators of thousands."""
    return number(value).replace(",", "")


def factor(effective: float, requested: str) -> str:
    """Name an imbalance factor: the effective one, and the requested one where it differs.

    Where no run has told the effective one (NaN), the requested one stands alone.
    """
    if math.isnan(effective):
        return requested
    try:
        same = math.isclose(float(requested), effective, rel_tol=1e-5)
    except ValueError:
        return f"{number(effective)} ({requested})"
    return number(effective) if same else f"{number(effective)} (asked for {requested})"


def signed(value: float, digits: int = 2) -> str:
    """Format a difference with its sign; a zero has a plus, NaN is a dash."""
    if math.isnan(value):
        return NONE
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def interval(mean: float, low: float, high: float) -> str:
    """Format a difference with its interval, or alone where there is none."""
    alone = signed(mean, 1)
    return alone if math.isnan(low) else f"{alone} ({signed(low, 1)} to {signed(high, 1)})"


def full(value: float) -> str:
    """Format a number for a CSV file with all its digits; nothing for NaN."""
    return "" if math.isnan(value) else repr(float(value))


def count(value: float) -> str:
    """Format a count for a CSV file; nothing for NaN."""
    return "" if math.isnan(value) else str(int(value))


def of_expected(found: int, expected: int) -> str:
    """Say how many of the runs are there: one number where all are."""
    return number(found) if found == expected else f"{found} of {expected}"


def span(values: list[int]) -> str:
    """Format counts that should agree: one number, or lowest and highest; of none a dash."""
    if not values:
        return NONE
    low, high = min(values), max(values)
    return number(low) if low == high else f"{number(low)} to {number(high)}"
