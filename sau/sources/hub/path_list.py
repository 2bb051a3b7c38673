"""Lists of images: CSV or JSON lines with a path and a label in each row."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from sau.core.bounded_json import read_json
from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.sources.checks import read_text
from sau.sources.hub.part import Part
from sau.sources.hub.values import column_of, text_column_of
from sau.sources.naming import quoted
from sau.sources.record import Rows

IMAGE = "image"
"""What the column of images is called, if nothing else is said."""

FILE_NAME = "file_name"
"""What `datasets` calls the column of paths in metadata.csv and metadata.jsonl."""

LISTS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
"""Endings of lists."""

_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def open_list(file: Path, key: str, columns: Collection[str], texts: Collection[str]) -> Part:
    """Read a list; no image is looked at.

    Args:
        file: .csv or .tsv with a line of names first; .jsonl or .ndjson, with an object in each
            line; or .json, with a list of objects or an object in each line.
        key: the setting to name in errors.
        columns: that will be asked for.
        texts: those of them that are text, whatever their values look like.

    Raises:
        UserError: no file that can be read, or, with its number, a line of another form.
    """
    where = f"{key}: {file}"
    text = read_text(file, key, "list of images")
    delimiter = _DELIMITERS.get(file.suffix.lower())
    rows = _csv_rows(text, delimiter, where) if delimiter else _json_rows(text, where)
    names = list(dict.fromkeys(name for row in rows for name in row))
    fields = {}
    for name in names:
        values = [row.get(name) for row in rows] if name in columns else [None] * len(rows)
        make = text_column_of if name in texts else column_of
        fields[name] = make(values, name, where) if name in columns else pa.nulls(len(rows))
    table = pa.table(fields)

    def read(wanted: Sequence[str]) -> pa.Table:
        return table.select(list(wanted))

    def rows_of(wanted: Sequence[str], positions: Rows) -> Iterator[pa.RecordBatch]:
        yield from table.select(list(wanted)).take(pa.array(positions)).to_batches()

    return Part(file, table.schema, read, rows_of)


def _csv_rows(text: str, delimiter: str, where: str) -> list[dict[str, str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = next(reader, [])
        if len(set(names)) < len(names) or not all(names):
            raise UserError(
                f"{where}, line 1: {quoted(delimiter.join(names))}; expected a name for each "
                "column, each once"
            )
        rows = []
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(names):
                raise UserError(
                    f"{where}, line {reader.line_num}: {len(cells)} cells, expected {len(names)} "
                    "as in the first line"
                )
            rows.append(dict(zip(names, cells, strict=True)))
    except csv.Error as error:
        raise UserError(f"{where}, line {reader.line_num}: no CSV ({one_line(str(error))})") from (
            error
        )
    return rows


def _json_rows(text: str, where: str) -> list[Mapping[str, Any]]:
    if text.lstrip().startswith("["):
        rows = _parsed(text, where)
        if not isinstance(rows, list):
            raise UserError(f"{where}: expected a list of objects")
        numbered = list(enumerate(rows))
        unit = "entry"
    else:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        numbered = [(number, _parsed(line, f"{where}, line {number}")) for number, line in lines]
        unit = "line"
    for number, row in numbered:
        if not isinstance(row, dict):
            raise UserError(
                f"{where}, {unit} {number}: {quoted(str(row))}; expected an object such as "
                '{"file_name": "a.jpg", "label": 0}'
            )
    return [row for _, row in numbered]


def _parsed(text: str, where: str) -> Any:
    try:
        return read_json(text)
    except ValueError as error:
        raise UserError(f"{where}: not readable as JSON ({one_line(str(error))})") from error
