"""A config file that is JSON, which Snakemake reads as such: tabs, `1e5` and `\\/` are its own."""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

from sau.config.nodes import CONTROL, MAX_DEPTH
from sau.core.errors import UserError


def json_values(text: str, file: str) -> Any:
    """Return what a JSON text says; None where it is no JSON, as most config files are.

    Args:
        text: the text of a config file.
        file: what to blame.

    Raises:
        UserError: a key that stands twice in one object, a number that is not finite, a control
            character in a text, or nesting without end.
    """
    if not text.lstrip().startswith("{"):
        return None

    def pairs(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise UserError(
                    f"{file}: {key} stands twice in one object, and only one could count; rename "
                    "one or drop it"
                )
            found[key] = value
        return found

    def number(digits: str) -> float:
        if not math.isfinite(float(digits)):
            raise UserError(f"{file}: {digits} is no finite number; expected one")
        return float(digits)

    try:
        values = json.loads(
            text, object_pairs_hook=pairs, parse_constant=number, parse_float=number
        )
    except ValueError:
        return None
    except RecursionError as error:
        raise UserError(f"{file}: nested too deeply; a config has sections with keys") from error
    for part in _texts(values, file, 0):
        odd = CONTROL.search(part)
        if odd:
            raise UserError(
                f"{file}: the control character U+{ord(odd.group()):04X} in a text; remove it"
            )
    return values


def _texts(value: Any, file: str, depth: int) -> Iterator[str]:
    """Yield all texts of a value, keys too."""
    if depth > MAX_DEPTH:
        raise UserError(f"{file}: nested more than {MAX_DEPTH} deep; a config has six levels")
    if isinstance(value, str):
        yield value
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    for part in parts if isinstance(parts, list) else []:
        yield from _texts(part, file, depth + 1)
