"""JSON from outside, with bounds on its depth and on the length of its numbers."""

import json
import re
from typing import Any

MOST_NESTED = 100
"""Levels; an answer has about six."""

_LONGEST_NUMBER = 20
"""Digits of a number that is read as one; a longer one is a float, which counts nothing."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def read_json(text: str) -> Any:
    """Return what a JSON text holds.

    Raises:
        ValueError: no JSON, or nested deeper than `MOST_NESTED`, which would overflow the stack of
            whoever reads it.
    """
    if is_too_deep(text):
        raise ValueError(f"nested deeper than {MOST_NESTED} levels")
    return json.loads(text, parse_int=_integer)


def is_too_deep(text: str) -> bool:
    """Return whether a JSON text has more than `MOST_NESTED` levels of lists and objects."""
    if text.count("[") + text.count("{") <= MOST_NESTED:
        return False
    depth = 0
    for token in _TOKEN.finditer(text):
        first = text[token.start()]
        if first != '"':
            depth += 1 if first in "[{" else -1
            if depth > MOST_NESTED:
                return True
    return False


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)
