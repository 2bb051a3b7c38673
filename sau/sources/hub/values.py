"""Values of lists and of samples, which have no types, as columns of Arrow."""

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from sau.core.errors import UserError
from sau.sources.naming import quoted

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)  # 18 digits fit into 64 bits


def column_of(values: Sequence[Any], name: str, where: str) -> pa.Array:
    """Return values as a column: whole numbers, where all are so written, else text.

    Args:
        values: text or numbers; None and nothing are no value. `007` is text, and so is `1.0`.
        name: of the column.
        where: what to blame.

    Raises:
        UserError: a value that is neither, or numbers beside text.
    """
    plain = [None if value == "" else value for value in values]
    there = [value for value in plain if value is not None]
    if all(isinstance(value, str) for value in there):
        if there and all(map(_NUMBER.fullmatch, there)):
            return pa.array([None if value is None else int(value) for value in plain], pa.int64())
        return _array(plain, pa.string(), name, where)
    if all(isinstance(value, int) and not isinstance(value, bool) for value in there):
        return _array(plain, pa.int64(), name, where)
    raise UserError(
        f"{where}: column {quoted(name)} holds values of several kinds; expected whole numbers, or "
        "text, in all rows"
    )


def text_column_of(values: Sequence[Any], name: str, where: str) -> pa.Array:
    """Return values as a column of text, whatever they look like."""
    plain = [None if value is None or value == "" else value for value in values]
    if not all(value is None or isinstance(value, str) for value in plain):
        raise UserError(f"{where}: column {quoted(name)} holds other values than text")
    return _array(plain, pa.string(), name, where)


def _array(values: list[Any], kind: pa.DataType, name: str, where: str) -> pa.Array:
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, ValueError, OverflowError) as error:  # half a surrogate pair, say
        raise UserError(
            f"{where}: column {quoted(name)} holds a value that is no text in Unicode, or a number "
            "of more than 64 bits; mend it"
        ) from error
