"""Numbers as text, with fixed digits: the same in HTML, Markdown and CSV."""

import math

NONE = "—"
"""Stands where there is no number, such as the top-1 of a split without classes."""


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
    """Format a factor or a count of any size: at most two digits, no trailing zeros."""
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")


def plain(value: float) -> str:
    """Format a factor for a CSV file: as `number`, without separators of thousands."""
    return number(value).replace(",", "")


def factor(effective: float, requested: str) -> str:
    """Name an imbalance factor: the effective one, and the requested one where it differs."""
    try:
        same = math.isclose(float(requested), effective, rel_tol=1e-5)
    except ValueError:
        return f"{number(effective)} ({requested})"
    return number(effective) if same else f"{number(effective)} (asked for {requested})"


def span(values: list[int]) -> str:
    """Format counts that should agree: one number, or the lowest and the highest."""
    low, high = min(values), max(values)
    return number(low) if low == high else f"{number(low)} to {number(high)}"
