"""Labels of a table: class indices, or class names turned into them."""

import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.sources import table_columns
from sau.sources.checks import check_label_range
from sau.sources.class_match import is_number, labels_of_names, spelling
from sau.sources.naming import exact_label, natural_key, visible_name
from sau.sources.record import Rows

_MOST = 2.0**62
"""No label is as large; beyond it 64 bits may not hold a number."""


@dataclasses.dataclass(frozen=True)
class NamedLabels:
    """A label column: what each row's class is called, or its bare index.

    Attributes:
        labels: int64 (N,), places in `names`, or the indices themselves.
        names: class names that the table carries, as text or in a ClassLabel's metadata, without
            spaces around them; None if it carries none. In the table's own order: natural for
            text, the stored one for ClassLabel.
    """

    labels: Rows
    names: list[str] | None

    def found(self) -> list[int]:
        """Return the labels that some row has, ascending."""
        return [int(label) for label in np.unique(self.labels)]


def read_labels(
    column: pa.ChunkedArray, schema: pa.Schema, label_column: str, where: str
) -> NamedLabels:
    """Read a label column of text, of a ClassLabel's indices, or of bare indices.

    Raises:
        UserError: a row without a label or with an empty one, a number that is no index, or an
            index outside the names that the table carries.
    """
    _refuse_missing(column, where)
    if table_columns.is_text(column.type):
        return _from_text(column, where)
    labels = labels_from_indices(column, where)
    names = hugging_face_names(schema, label_column)
    if names is not None:
        check_label_range(labels, len(names), where)
        if "" in names:
            raise UserError(
                f"{where}: its ClassLabel has an empty name, or one that is no text, for class "
                f"{names.index('')}; give each class a name"
            )
        twice = next((name for name, times in Counter(names).items() if times > 1), None)
        if twice is not None:
            raise UserError(
                f"{where}: its ClassLabel names {twice!r} twice; give each class a name of its own"
            )
    return NamedLabels(labels, names)


def _from_text(column: pa.ChunkedArray, where: str) -> NamedLabels:
    texts = [visible_name(str(text)) for text in column.to_pylist()]
    if "" in texts:
        raise UserError(
            f"{where}: an empty label in row {texts.index('')} ({texts.count('')} such rows); "
            "expected a class name in each row"
        )
    names = sorted(set(texts), key=natural_key)
    places = {name: place for place, name in enumerate(names)}
    return NamedLabels(np.array([places[text] for text in texts], dtype=np.int64), names)


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
    whole = np.isfinite(values) & (values == np.rint(values))
    odd = np.flatnonzero(~whole | (values.astype(np.float64) >= _MOST) | (values < -_MOST))
    if len(odd):
        row = int(odd[0])
        raise UserError(
            f"{where}: label {values[row]} in row {row} ({len(odd)} such rows); "
            "expected whole numbers from 0"
        )
    return np.asarray(values, dtype=np.int64)


def labels_for_classes(read: NamedLabels, class_names: Sequence[str], where: str) -> Rows:
    """Return the labels, int64 (N,), of a table in the order of classes that are known.

    Names that the table carries are matched with the class names; bare indices are taken as they
    are.

    Raises:
        UserError: a name that is no class, an index out of range, or bare indices of classes that
            are called by other numbers.
    """
    if read.names is None:
        check_label_range(read.labels, len(class_names), where)
        _refuse_numbers_for_names(read.found(), class_names, where)
        return read.labels
    found = read.found()
    matched = labels_of_names([read.names[label] for label in found], class_names, where)
    places = np.full(len(read.names), -1, dtype=np.int64)
    places[found] = matched
    return places[read.labels]


def labels_by_exact_name(read: NamedLabels, class_names: Sequence[str], where: str) -> Rows:
    """Return the labels, int64 (N,), of a table that carries class names, each known exactly.

    Raises:
        UserError: a name that some row has is no class.
    """
    assert read.names is not None
    places = np.full(len(read.names), -1, dtype=np.int64)
    for label in read.found():
        places[label] = exact_label(read.names[label], class_names, where)
    return places[read.labels]


def _refuse_numbers_for_names(found: Sequence[int], class_names: Sequence[str], where: str) -> None:
    """Refuse bare numbers where a class is called by a number that is not its index."""
    if not any(map(is_number, class_names)):
        return
    odd = next((label for label in found if spelling(class_names[label]) != str(label)), None)
    if odd is not None:
        raise UserError(
            f"{where}: labels are bare numbers, and classes are called by numbers too, such as "
            f"{next(filter(is_number, class_names))!r}, so that {odd} may be the name of a class "
            f"or the index of {class_names[odd]!r}; give the labels as text"
        )


def names_for_indices(labels: Rows, given: Sequence[str], where: str) -> list[str]:
    """Return class names for a training table of bare indices: the given ones, else the indices.

    Raises:
        UserError: a label outside their range, or classes so many that most are empty.
    """
    names = list(given)
    if not names:
        check_label_range(labels, max(int(labels.max()) + 1, 1), where)
        _refuse_gaps(labels, where)
        names = [str(label) for label in range(int(labels.max()) + 1)]
    check_label_range(labels, len(names), where)
    return names


def _refuse_gaps(labels: Rows, where: str) -> None:
    """Refuse labels of which one between 0 and the largest is in no row."""
    found = np.unique(labels)
    missing = np.flatnonzero(found != np.arange(len(found)))
    if not len(missing):
        return
    first = int(missing[0])
    if first == 0:
        raise UserError(
            f"{where}: labels from {found[0]} to {found[-1]}, none is 0; expected classes numbered "
            f"from 0: subtract {found[0]} from each, or write class names in their place"
        )
    raise UserError(
        f"{where}: labels up to {found[-1]}, but no row has label {first} "
        f"({found[-1] + 1 - len(found)} such labels); number the classes from 0 without gaps, or "
        "write class names in their place"
    )


def _refuse_missing(column: pa.ChunkedArray, where: str) -> None:
    if column.null_count:
        row = pc.index(column.is_null(), True).as_py()
        raise UserError(
            f"{where}: no label in row {row} ({column.null_count} such rows); "
            "expected a label in each row"
        )


def hugging_face_names(schema: pa.Schema, column: str) -> list[str] | None:
    """Return the names of a ClassLabel column of `datasets`, in its own order, or None.

    One that is no text is empty.
    """
    try:
        text: Any = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        names = text["info"]["features"][column]["names"]
    except (KeyError, TypeError, ValueError, RecursionError):  # the last of nesting without end
        return None
    if not isinstance(names, list):
        return None
    return [visible_name(str(name)) if type(name) in (str, int) else "" for name in names] or None
