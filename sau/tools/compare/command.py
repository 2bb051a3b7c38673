"""The command `sau compare`."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sau.core.errors import UserError
from sau.core.printable import printable
from sau.metrics import Difference
from sau.pipeline.report import formats
from sau.pipeline.report.csv_text import csv_of
from sau.pipeline.report.html import to_html
from sau.pipeline.report.markdown import to_markdown
from sau.pipeline.report.page import Page, Section
from sau.pipeline.report.text_tables import TextTable
from sau.storage.files import write_text
from sau.tools.compare.pairs import Pair, pairs_of
from sau.tools.compare.read import read_results

CAPTION = (
    "Top-1 of all classes at the last epoch in percent: mean ± standard deviation over seeds. "
    "Difference: the second folder minus the first in percentage points, over the seeds of both, "
    "with a 95 % interval: by a paired bootstrap over test images and seeds where both folders "
    "hold predictions of the same images, else of a paired t-test over seeds."
)


def compare(first: Path, second: Path, /, *, output: Path | None = None) -> None:
    """Put two results folders side by side: rows of one label and factor, and what differs.

    Args:
        first: results folder of a run, or one with its summary.csv, as in results/published.
        second: another one, whose rows are compared with the first one's.
        output: file to write the table to as well: .csv, .md or .html.

    Raises:
        UserError: a folder without results, or a file that ends otherwise.
    """
    write = _writer(output)
    pairs = pairs_of(read_results(first), read_results(second))
    for line in (f"first: {first}", f"second: {second}", "", *to_text(table_of(pairs))):
        print(printable(line))
    if output is not None:
        write_text(output, write(first, second, pairs))


def table_of(pairs: list[Pair]) -> TextTable:
    """Lay out the pairs, a line for each."""
    rows = [
        [
            pair.row.label,
            pair.row.factor,
            _figure(pair.first),
            _figure(pair.second),
            _bounds(pair.difference),
            pair.why,
            "; ".join(pair.settings) or formats.NONE,
        ]
        for pair in pairs
    ]
    headings = ["Method", "Factor", "First", "Second", "Difference", "In words", "Settings"]
    return TextTable(headings, rows, words=1, words_last=2)


def to_text(table: TextTable) -> list[str]:
    """Return a table as lines of text, its columns below each other."""
    lines = [table.columns, *table.rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(table.columns))]
    padded = [[cell.ljust(n) for cell, n in zip(line, widths, strict=True)] for line in lines]
    return ["  ".join(line).rstrip() for line in padded]


Writer = Callable[[Path, Path, list[Pair]], str]


def _writer(output: Path | None) -> Writer:
    """Return what makes the file's text; refuse another ending before anything is read."""
    writers: dict[str, Writer] = {
        ".csv": lambda _first, _second, pairs: _csv(pairs),
        ".md": lambda first, second, pairs: to_markdown(_page(first, second, pairs)),
        ".html": lambda first, second, pairs: to_html(_page(first, second, pairs)),
    }
    suffix = ".csv" if output is None else output.suffix.lower()
    if suffix not in writers:
        raise UserError(f"--output {output}: expected a file that ends in {', '.join(writers)}")
    return writers[suffix]


def _page(first: Path, second: Path, pairs: list[Pair]) -> Page:
    named = [("First", str(first)), ("Second", str(second))]
    section = Section("Rows", CAPTION, table_of(pairs))
    return Page("Two results side by side", f"{first.name}, {second.name}", "", named, [section])


def _csv(pairs: list[Pair]) -> str:
    return csv_of(pd.DataFrame([_values(pair) for pair in pairs]))


def _values(pair: Pair) -> dict[str, str]:
    difference = pair.difference
    figures = (difference.mean, difference.low, difference.high) if difference else ()
    cells = [formats.full(value) for value in figures] or [""] * 3
    return {
        "method": pair.row.label,
        "imbalance_factor": pair.row.factor,
        **{
            f"{name}_{what}": text
            for name, values in (("first", pair.first), ("second", pair.second))
            for what, text in _summary(values).items()
        },
        **dict(zip(("difference", "low", "high"), cells, strict=True)),
        "seeds_of_both": str(difference.seeds) if difference else "",
        "in_words": pair.why,
        "settings": "; ".join(pair.settings),
    }


def _summary(values: list[float]) -> dict[str, str]:
    series = pd.Series(values, dtype=float)
    return {
        "mean": formats.full(series.mean()),
        "std": formats.full(series.std(ddof=1)),
        "runs": str(len(values)),
    }


def _figure(values: list[float]) -> str:
    series = pd.Series(values, dtype=float)
    text = formats.mean_std(series.mean(), series.std(ddof=1))
    return f"{text} ({len(values)})" if values else text


def _bounds(difference: Difference | None) -> str:
    if difference is None:
        return formats.NONE
    return formats.interval(difference.mean, difference.low, difference.high)
