"""Rows that share an id, where each needs its own."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.storage.manifest.schemas import ID_COLUMNS


def refuse_duplicates(path: Path, kind: str, table: pa.Table) -> None:
    """Refuse a table of `kind` in which two rows have the same id.

    Args:
        path: the file or folder to blame.
        kind: a name in `ID_COLUMNS`.
        table: with its id columns.

    Raises:
        UserError: the first repeated id, and how many there are.
    """
    keys = ID_COLUMNS[kind]
    counts = table.group_by(keys).aggregate([([], "count_all")])
    if counts.num_rows == table.num_rows:
        return
    repeated = counts.filter(pc.greater(counts["count_all"], 1)).to_pylist()
    first = ", ".join(str(repeated[0][key]) for key in keys)
    raise UserError(
        f"{path}: {len(repeated)} duplicated ids in {kind}, the first is {first!r}; "
        "each row needs an id of its own"
    )
