"""The runs of several values of a setting beside each other."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from sau.pipeline.report import formats
from sau.pipeline.report.text_tables import TextTable
from sau.tools.compare.pairs import Pair, pairs_of
from sau.tools.compare.read import Results


class Swept(NamedTuple):
    """One value, as it was written, and the runs at it."""

    value: str
    results: Results


def table_of(key: str, swept: Sequence[Swept]) -> TextTable:
    """Lay out a line for each row, imbalance factor and value, with its difference from the first.

    Args:
        key: of the setting.
        swept: at least one value.
    """
    rows = []
    for value, pair in _pairs(swept):
        series = pd.Series(pair.second, dtype=float)
        found = pair.difference
        bounds = formats.interval(found.mean, found.low, found.high) if found else formats.NONE
        figure = formats.mean_std(series.mean(), series.std(ddof=1))
        is_first = value == swept[0].value
        said = [formats.NONE, "the first value"] if is_first else [bounds, pair.why]
        rows.append([pair.row.label, pair.row.factor, value, f"{figure} ({len(series)})", *said])
    headings = ["Method", "Factor", key, "Top-1", "Difference", "In words"]
    return TextTable(headings, rows, words=1, words_last=1)


def figures_of(key: str, swept: Sequence[Swept]) -> pd.DataFrame:
    """Return the same as numbers; likewise."""
    return pd.DataFrame(
        [
            {
                "method": pair.row.label,
                "imbalance_factor": pair.row.factor,
                key: value,
                "mean": pd.Series(pair.second, dtype=float).mean(),
                "std": pd.Series(pair.second, dtype=float).std(ddof=1),
                "runs": len(pair.second),
                **(
                    {f"difference_{name}": getattr(pair.difference, name) for name in _BOUNDS}
                    if pair.difference and value != swept[0].value
                    else {}
                ),
            }
            for value, pair in _pairs(swept)
        ]
    )


_BOUNDS = ("mean", "low", "high")


def _pairs(swept: Sequence[Swept]) -> Iterator[tuple[str, Pair]]:
    """Yield each row at each value beside the first value, row by row."""
    by_value = [(value, pairs_of(swept[0].results, results)) for value, results in swept]
    rows = dict.fromkeys(pair.row for _, pairs in by_value for pair in pairs)
    for row in rows:
        for value, pairs in by_value:
            yield from ((value, pair) for pair in pairs if pair.row == row)
