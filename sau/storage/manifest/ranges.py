"""What the values of each column may be, beyond their type: looked at whenever they are read."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sau.storage.manifest.record import DamagedError
from sau.storage.manifest.schemas import (
    FIGURES,
    SELECTIONS,
    STATUS_FAILED,
    STATUS_OK,
    STATUS_UNSCORED,
)

_ROUNDING = 0.01
"""By which a cosine or a probability may leave its range: models compute in bfloat16."""


class Range(NamedTuple):
    """The least and the greatest value; both are allowed, and infinity is not.

    `or_nan`: whether it may be no number, as where nothing was measured.
    """

    least: float
    most: float = math.inf
    or_nan: bool = False


_COUNT, _FROM_ONE, _PERCENT = Range(0), Range(1), Range(0, 100)
_COSINE, _SHARE = Range(-1 - _ROUNDING, 1 + _ROUNDING), Range(0, 1 + _ROUNDING)
_ANY = Range(-math.inf)

RANGES: dict[str, dict[str, Range]] = {
    "images": {"width": _FROM_ONE, "height": _FROM_ONE},
    "draws": dict.fromkeys(("needed", "before", "kept", "draws"), _COUNT),
    "scores": {
        "score": _COSINE,
        "class_score": _COSINE,
        "zero_shot_probability": _SHARE,
        "margin": Range(-2 - _ROUNDING, 2 + _ROUNDING),
        "entropy": Range(-_ROUNDING),
        "agreement": _SHARE,
        "loss": _COUNT,
        "embedding": _ANY,
        "brightness": _SHARE,
        "contrast": Range(0, 0.5 + _ROUNDING),
        "sharpness": _COUNT,
    },
    "kept": {"score": _COSINE._replace(or_nan=True), "rank": _FROM_ONE},
    "members": {"score": _ANY},
    "predictions": {"epoch": _FROM_ONE, "confidence": _SHARE, "label_probability": _SHARE},
    "history": {"epoch": _FROM_ONE, "value": _ANY},
    "influence": {"influence": _ANY},
    "label_correction": {
        "epoch": _FROM_ONE,
        **dict.fromkeys(("synthetic", "noise", "wrong", "found"), _COUNT),
    },
    "metrics": {
        **dict.fromkeys(("train_real", "train_synthetic", "test_images"), _COUNT),
        **{
            f"{figure}_{selection}": _COUNT if figure == "nll" else _PERCENT
            for figure in FIGURES
            for selection in SELECTIONS
        },
    },
}
"""Of the columns with numbers; null, where the schema has it, is always allowed."""

CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "prompts": {"source": ("template", "llm", "grid", "template_after_llm")},
    "images": {"status": (STATUS_OK, STATUS_FAILED)},
    "scores": {"status": (STATUS_OK, STATUS_FAILED, STATUS_UNSCORED)},
    "predictions": {"selection": SELECTIONS},
    "metrics": {"split": ("all", "many", "medium", "few", "class")},
}
"""Of the columns with texts of which there are few."""

_LABELS = ("label", "predicted", "zero_shot", "true_label")
_NOT_MORE_THAN = {
    "label_correction": [("noise", "synthetic"), ("wrong", "synthetic"), ("found", "wrong")],
    "draws": [("kept", "before")],
}
"""Pairs of columns, of which the first is a part of the second."""


def check_ranges(path: Path, kind: str, table: pa.Table, classes: int | None) -> None:
    """Refuse a value that no stage can have written.

    Args:
        path: of the file, for messages.
        kind: a name in `SCHEMAS`.
        table: all of its columns, or some.
        classes: how many the provenance names; None if it names none.

    Raises:
        UserError: the first such column and value, and what was expected.
    """
    for name, wrong, expected in _findings(kind, table, classes):
        if len(wrong):
            raise DamagedError(
                f"{path}: {len(wrong)} values of {name} outside the range, the first is "
                f"{wrong[0].as_py()!r}; expected {expected}: delete it and run its stage again"
            )


def _findings(
    kind: str, table: pa.Table, classes: int | None
) -> Iterator[tuple[str, pa.ChunkedArray, str]]:
    """Yield each column's name, its values that are wrong, and what they should be."""
    names = set(table.column_names)
    for name, allowed in RANGES.get(kind, {}).items():
        if name in names:
            yield name, _outside(table[name], allowed), _in_words(allowed)
    # In kept, zero_shot is a rule's reason.
    labels = [name for name in _LABELS if name in names and pa.types.is_integer(table[name].type)]
    for name in labels:
        highest = math.inf if classes is None else classes - 1
        yield name, _outside(table[name], Range(0, highest)), _in_words(Range(0, highest))
    for name, choices in CHOICES.get(kind, {}).items():
        if name in names:
            yield name, _others(table[name], choices), f"one of {', '.join(choices)}"
    for part, whole in _NOT_MORE_THAN.get(kind, []):
        if {part, whole} <= names:
            more = table[part].filter(pc.greater(table[part], table[whole]))
            yield part, more, f"at most {whole}"


def _outside(column: pa.ChunkedArray, allowed: Range) -> pa.ChunkedArray:
    """Return the values that are no number or not in the range."""
    if pa.types.is_list(column.type):
        column = pc.list_flatten(column)
    if pa.types.is_floating(column.type):
        column = column.cast(pa.float64())
        wrong = pc.is_inf(column) if allowed.or_nan else pc.invert(pc.is_finite(column))
    else:
        wrong = pc.not_equal(column, column)  # none; null stays null, which no filter takes
    for comparison, bound in ((pc.less, allowed.least), (pc.greater, allowed.most)):
        if math.isfinite(bound):
            wrong = pc.or_(wrong, comparison(column, pa.scalar(bound, _type_of(column))))
    return column.filter(wrong)


def _type_of(column: pa.ChunkedArray) -> pa.DataType:
    return pa.float64() if pa.types.is_floating(column.type) else pa.int64()


def _others(column: pa.ChunkedArray, choices: Sequence[str]) -> pa.ChunkedArray:
    return column.filter(pc.invert(pc.is_in(column, value_set=pa.array(choices))))


def _in_words(allowed: Range) -> str:
    """Return a range as text; the room for rounding is not told."""
    least, most = _plain(allowed.least), _plain(allowed.most)
    if least == "-inf":
        return "a number that is finite"
    return f"at least {least}" if most == "inf" else f"{least} to {most}"


def _plain(bound: Any) -> str:
    return f"{round(bound, 1):g}" if math.isfinite(bound) else str(bound)
