"""Labels of a table: class indices, or class names turned into them."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.sources.checks import check_label_range
from sau.sources.naming import check_class_count, label_of, labels_by_plain_name, natural_key
from sau.sources.record import Rows


def is_text(column: pa.ChunkedArray) -> bool:
    """Return whether a column holds text, be it as a dictionary."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def distinct_names(column: pa.ChunkedArray, where: str) -> list[str]:
    """Return the distinct texts of a label column in natural order."""
    _refuse_missing(column, where)
    return sorted((str(name) for name in pc.unique(column).to_pylist()), key=natural_key)


def labels_from_names(
    column: pa.ChunkedArray,
    class_names: Sequence[str],
    where: str,
    match: Callable[[str, Sequence[str], str], int],
) -> Rows:
    """Return the labels, int64, of a column of class names; `match` finds the label of a name."""
    known = {name: match(name, class_names, where) for name in distinct_names(column, where)}
    return np.array([known[name] for name in column.to_pylist()], dtype=np.int64)


def labels_from_indices(column: pa.ChunkedArray, where: str) -> Rows:
    """Return the labels, int64, of a column of whole numbers; their range is not yet checked.

    Raises:
        UserError: a missing value, NaN, a fraction, or a type that holds no numbers.
    """
    _refuse_missing(column, where)
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise UserError(
            f"{where}: labels of type {kind}; expected whole numbers from 0, or class names"
        )
    values = column.to_numpy()
    odd = np.flatnonzero(~np.isfinite(values) | (values != np.rint(values)))
    if len(odd):
        row = int(odd[0])
        raise UserError(
            f"{where}: label {values[row]} in row {row} ({len(odd)} such rows); "
            "expected whole numbers from 0"
        )
    return np.asarray(values, dtype=np.int64)


def labels_for_classes(column: pa.ChunkedArray, class_names: Sequence[str], where: str) -> Rows:
    """Return the labels, int64, of a column of names or indices of classes that are known."""
    if is_text(column):
        match = partial(label_of, alike=labels_by_plain_name(class_names))
        return labels_from_names(column, class_names, where, match)
    labels = labels_from_indices(column, where)
    check_label_range(labels, len(class_names), where)
    return labels


def names_for_indices(
    labels: Rows, schema: pa.Schema, label_column: str, given: Sequence[str], where: str
) -> list[str]:
    """Return class names for a training table of indices.

    The given ones, else those that Hugging Face's metadata hold, else the indices themselves.

    Raises:
        UserError: a label outside their range, or classes so many that most are empty.
    """
    stored = _hugging_face_names(schema, label_column)
    if stored:
        check_class_count(len(stored), given, where)
    names = list(given) or stored
    if not names:
        check_label_range(labels, max(int(labels.max()) + 1, 1), where)
        if labels.max() >= len(labels):
            raise UserError(
                f"{where}: label {labels.max()} in a table of {len(labels)} rows, so some class "
                "has no training image; number the classes from 0 without gaps"
            )
        names = [str(label) for label in range(int(labels.max()) + 1)]
    check_label_range(labels, len(names), where)
    return names


def _refuse_missing(column: pa.ChunkedArray, where: str) -> None:
    if column.null_count:
        row = pc.index(column.is_null(), True).as_py()
        raise UserError(
            f"{where}: no label in row {row} ({column.null_count} such rows); "
            "expected a label in each row"
        )


def _hugging_face_names(schema: pa.Schema, column: str) -> list[str]:
    """Return the names of a ClassLabel column of `datasets`, or none."""
    try:
        text: Any = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        names = text["info"]["features"][column]["names"]
    except (KeyError, TypeError, ValueError):
        return []
    return [str(name) for name in names]
