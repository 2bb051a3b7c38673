"""Which files a table of images names by their paths, to notice when one of them changes."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sau.core.errors import UserError
from sau.sources.parquet_table import open_parquet
from sau.sources.table_columns import is_text
from sau.storage.regular import leads_to_file

MOST = 200_000
"""Of a table with more images than this no file is looked at: it would take minutes."""


def named_files(table: Path, image_column: str, *, most: int = MOST) -> list[Path]:
    """Return the regular files that a table of images names, in the order of its rows.

    Args:
        table: a Parquet file with a column of paths, or of structs of `bytes` and `path`. Of any
            other, and of a table that cannot be read, there are none: its stage says what is wrong.
        image_column: what the column is called.
        most: rows of the longest table whose files are looked at.
    """
    try:
        opened = open_parquet(table, "")
        paths = _paths(opened, image_column) if opened.metadata.num_rows <= most else []
    except (UserError, pa.ArrowException, OSError, UnicodeDecodeError):
        return []
    files = [table.parent / path for path in paths if path]
    return [file for file in files if leads_to_file(file)]


def _paths(opened: pq.ParquetFile, column: str) -> list[str | None]:
    schema = opened.schema_arrow
    if schema.names.count(column) != 1:
        return []
    kind = schema.field(column).type
    if is_text(kind):
        return list(opened.read(columns=[column])[column].to_pylist())
    is_struct = pa.types.is_struct(kind) and any(part.name == "path" for part in kind)
    if not is_struct or _all_have_bytes(opened, f"{column}.bytes"):
        return []
    rows = opened.read(columns=[f"{column}.path"])[column].to_pylist()
    return [row["path"] if row else None for row in rows]


def _all_have_bytes(opened: pq.ParquetFile, leaf: str) -> bool:
    """Return whether the file says that no image is without bytes; they are not read for it."""
    for number in range(opened.metadata.num_row_groups):
        group = opened.metadata.row_group(number)
        chunks = [group.column(place) for place in range(group.num_columns)]
        found = next((chunk for chunk in chunks if chunk.path_in_schema == leaf), None)
        statistics = found.statistics if found else None
        if statistics is None or statistics.null_count is None or statistics.null_count > 0:
            return False
    return True
