"""The types of what provenance says: checked once, where a manifest is read."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sau.core.errors import UserError

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_whole(value) and bool(value >= 0)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_factor(value: Any) -> bool:
    # A run that was started by hand may not know its own: not a number.
    return _is_number(value) and (value != value or 1 <= value < math.inf)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _lists(check: Check, length: int | None = None) -> Check:
    return lambda value: (
        isinstance(value, list)
        and (length is None or len(value) == length)
        and all(check(one) for one in value)
    )


def _maps(check: Check) -> Check:
    return lambda value: _is_mapping(value) and all(check(one) for one in value.values())


def _is_colour(value: Any) -> bool:
    return _lists(_is_number, 3)(value) and all(0 <= one <= 1 for one in value)


_TEXT = (_is_text, "text")
_COUNT = (_is_count, "a whole number of at least 0")
_COUNTS = (_lists(_is_count), "a list of whole numbers of at least 0")
_NAMES = (_lists(_is_text), "a list of texts")
_COLOUR = (_is_colour, "three numbers from 0 to 1")
_MAPPING = (_is_mapping, "an object")
_HASHES = (_maps(_lists(_is_text)), "an object of lists of hashes")

_BY_CLASS = ("counts", "real_counts", "validation_counts", "synthetic_counts", "lacking_counts")

FACTS: dict[str, tuple[Check, str]] = {
    **dict.fromkeys(("stage", "dataset", "run", "label", "method", "data", "backbone"), _TEXT),
    **dict.fromkeys(("recipe", "members_sha256", "requested_imbalance_factor", "split"), _TEXT),
    **dict.fromkeys(("selected_from", "device", "identity", "weights_sha256"), _TEXT),
    **dict.fromkeys(("seed", "data_seed"), (_is_whole, "a whole number")),
    **dict.fromkeys(("shard", "width", "parameters", "parameters_trained", "failed"), _COUNT),
    **dict.fromkeys(("epochs", "total_epochs", "operations"), _COUNT),
    **dict.fromkeys(("train_images", "validation_images", "training_steps"), _COUNT),
    **dict.fromkeys(_BY_CLASS, _COUNTS),
    **dict.fromkeys(("inputs", "earlier_inputs"), _HASHES),
    **dict.fromkeys(
        ("settings", "code", "versions", "rejected", "leak", "images_settings"), _MAPPING
    ),
    "class_names": _NAMES,
    "class_words": (_lists(_maps(_is_text)), "a list of objects of texts"),
    "mean": _COLOUR,
    "std": _COLOUR,
    "imbalance_factor": (_is_factor, "a number of at least 1"),
}
"""What each entry must be, and in which words a message says so. Others may be anything."""


def check_facts(path: Path, provenance: Any) -> None:
    """Refuse provenance that is no object, or has an entry of `FACTS` of another type.

    Raises:
        UserError: the first such entry, and what was expected.
    """
    if not _is_mapping(provenance):
        raise UserError(f"{path}: its provenance is no object; delete it and run its stage again")
    for name, (check, expected) in FACTS.items():
        if name in provenance and not check(provenance[name]):
            raise UserError(
                f"{path}: its provenance has {name} {_short(provenance[name])}, expected "
                f"{expected}; delete it and run its stage again"
            )
    _check_lengths(path, provenance)


def _check_lengths(path: Path, provenance: Mapping[str, Any]) -> None:
    """Refuse counts that are not one for each class."""
    names = provenance.get("class_names", [])
    for name in (name for name in _BY_CLASS if names and name in provenance):
        if len(provenance[name]) != len(names):
            raise UserError(
                f"{path}: its provenance has {len(provenance[name])} {name}, expected one for each "
                f"of {len(names)} classes; delete it and run its stage again"
            )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
