"""Shipped lists of phrases for templates' gaps, called by a name."""

import csv
import functools
from collections.abc import Sequence
from pathlib import Path

_FILE = Path(__file__).parent / "phrase_lists.csv"

LISTS = ("backgrounds-20", "styles-20")
"""Names that may stand in place of an attribute's list."""


def phrases_of(given: str | Sequence[str]) -> Sequence[str]:
    """Return an attribute's phrases, of which `given` may be the name of a shipped list."""
    return _read()[given] if isinstance(given, str) else given


@functools.cache
def _read() -> dict[str, tuple[str, ...]]:
    """Return the phrases of each list, in the file's order."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return {name: tuple(r["phrase"] for r in rows if r["list"] == name) for name in LISTS}
