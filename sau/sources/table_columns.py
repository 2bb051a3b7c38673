"""The columns of a table of images: which there are, of what types, and the ids that one gives."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.sources.checks import check_unique
from sau.sources.naming import nearest, quoted

ID_COLUMN = "id"


@dataclasses.dataclass(frozen=True)
class Columns:
    """What the columns of a table are called.

    Attributes:
        image: column of images.
        label: column of labels.
        prompt: column of prompts; None: there are none.
        id: column of ids; empty: rows are counted. `ID_COLUMN` need not be there.
    """

    image: str
    label: str
    prompt: str | None = None
    id: str = ID_COLUMN

    def in_table(self, schema: pa.Schema) -> list[str]:
        """Return the names of those columns that are to be read."""
        optional = self.id == ID_COLUMN and ID_COLUMN not in schema.names
        ids = [] if optional else [self.id]
        return [self.image, self.label, *(name for name in (self.prompt, *ids) if name)]


def check_columns(schema: pa.Schema, names: Sequence[str], where: str) -> None:
    """Refuse a table that lacks one of the columns, with the nearest known one, or has it twice."""
    for name in names:
        count = schema.names.count(name)
        if not count:
            raise UserError(f"{where}: no column {quoted(name)}; {nearest(name, schema.names)}")
        if count > 1:
            raise UserError(
                f"{where}: {count} columns are called {name!r}; expected one, rename the others"
            )


def check_image_type(field: pa.Field, where: str) -> None:
    """Refuse a column of neither encoded bytes, nor structs of bytes and path, nor paths."""
    kind = field.type
    if not (is_binary(kind) or is_text(kind) or _is_bytes_and_path(kind)):
        raise UserError(
            f"{where}: column {field.name!r} is of type {one_line(str(kind))}; expected encoded "
            "bytes, a struct of bytes and path, or paths"
        )


def is_binary(kind: pa.DataType) -> bool:
    """Return whether a type holds bytes of any length."""
    asks = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
    return any(ask(kind) for ask in asks)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type holds text, be it as a dictionary, as pandas' categories."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    asks = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(ask(kind) for ask in asks)


def _is_bytes_and_path(kind: pa.DataType) -> bool:
    """Return whether a type is a struct with `bytes` or `path`, each once and of its own type."""
    if not pa.types.is_struct(kind):
        return False
    parts = [(part.name, part.type) for part in kind if part.name in ("bytes", "path")]
    fits = [
        pa.types.is_null(of) or (is_binary(of) if name == "bytes" else is_text(of))
        for name, of in parts
    ]
    return bool(parts) and all(fits) and len(dict(parts)) == len(parts)


def without_views(table: pa.Table) -> pa.Table:
    """Return a table whose views of text or bytes, as polars writes them, are plain columns.

    Arrow takes no rows from views by their number.
    """
    fields = [field.with_type(_plain(field.type)) for field in table.schema]
    schema = pa.schema(fields, table.schema.metadata)
    return table if schema == table.schema else table.cast(schema)


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([part.with_type(_plain(part.type)) for part in kind])
    if pa.types.is_string_view(kind):
        return pa.large_string()
    return pa.large_binary() if pa.types.is_binary_view(kind) else kind


def ids_of(column: pa.ChunkedArray, prefix: str, where: str) -> list[str]:
    """Return the ids that a column gives, each behind `prefix/` unless it begins so.

    Args:
        column: whole numbers or text.
        prefix: `real` or `synthetic`.
        where: what to blame.

    Raises:
        UserError: a column of another type, a row without an id, or an id twice.
    """
    kind = column.type
    if not (is_text(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise UserError(
            f"{where}: ids of type {kind}; expected whole numbers or text, or set the id column to "
            "nothing to have rows counted"
        )
    ids = [_prefixed(value, prefix, where) for value in column.to_pylist()]
    check_unique(ids, where)
    return ids


def _prefixed(value: Any, prefix: str, where: str) -> str:
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        raise UserError(f"{where}: a row without a value in the id column; give each one")
    text = str(value)
    return text if text.startswith(f"{prefix}/") else f"{prefix}/{text}"
