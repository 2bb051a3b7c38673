"""Which files a table of images names by their paths, to notice when one of them changes."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sau.core.errors import UserError
from sau.sources.hub.folder import splits_of
from sau.sources.hub.path_list import FILE_NAME, IMAGE, LISTS, open_list
from sau.sources.parquet_table import open_parquet
from sau.sources.table_columns import is_text
from sau.storage.regular import leads_to_file, leads_to_folder

MOST = 200_000
"""Of a table with more images than this no file is looked at: it would take minutes."""


def named_files(table: Path, image_column: str, *, most: int = MOST) -> list[Path]:
    """Return the regular files that a table of images names, in the order of its rows.

    Args:
        table: a Parquet file with a column of paths, or of structs of `bytes` and `path`; or a
            data set's folder with such files, or with lists. Of any other, and of a table that
            cannot be read, there are none: its stage says what is wrong.
        image_column: what the column is called.
        most: rows of the longest table whose files are looked at.
    """
    if leads_to_folder(table):
        return [file for one in _files_of(table) for file in _named(one, image_column, most)]
    return _named(table, image_column, most)


def _files_of(folder: Path) -> list[Path]:
    """Return the files of a data set's folder."""
    try:
        return [file for files in splits_of(folder, "").values() for file in files]
    except UserError:
        return []


def _named(table: Path, image_column: str, most: int) -> list[Path]:
    try:
        if table.suffix.lower() in LISTS:
            paths = _paths_of_list(table, image_column, most)
        else:
            opened = open_parquet(table, "")
            paths = _paths(opened, image_column) if opened.metadata.num_rows <= most else []
    except (UserError, pa.ArrowException, OSError, UnicodeDecodeError):
        return []
    files = [table.parent / path for path in paths if path]
    return [file for file in files if leads_to_file(file)]


def _paths_of_list(table: Path, column: str, most: int) -> list[str | None]:
    texts = (column, FILE_NAME)
    part = open_list(table, "", texts, texts)
    found = next((name for name in texts if name in part.schema.names), None)
    rows = part.read([found])[found].to_pylist() if found else []
    return list(rows) if len(rows) <= most else []


def _paths(opened: pq.ParquetFile, column: str) -> list[str | None]:
    schema = opened.schema_arrow
    if column == IMAGE and column not in schema.names:
        column = FILE_NAME
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
