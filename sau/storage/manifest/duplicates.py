"""Rows that share an id, where each needs its own."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.storage.manifest.rows import Rows
from sau.storage.manifest.schemas import ID_COLUMNS
from sau.storage.spool import SpooledRows


def refuse_duplicates(path: Path, kind: str, rows: Rows) -> None:
    """Refuse rows of `kind` of which two have the same id.

    Args:
        path: the file or folder to blame.
        kind: a name in `ID_COLUMNS`.
        rows: with their id columns.

    Raises:
        UserError: the first repeated id, and how many there are.
    """
    keys = ID_COLUMNS[kind]
    if isinstance(rows, SpooledRows):
        if _are_apart(rows, keys):
            return
        table = pa.Table.from_batches(rows.batches(keys))
    else:
        table = rows
    counts = table.group_by(keys).aggregate([([], "count_all")])
    if counts.num_rows == table.num_rows:
        return
    repeated = counts.filter(pc.greater(counts["count_all"], 1)).to_pylist()
    first = ", ".join(str(repeated[0][key]) for key in keys)
    raise UserError(
        f"{path}: {len(repeated)} duplicated ids in {kind}, the first is {first!r}; "
        "each row needs an id of its own"
    )


def _are_apart(rows: SpooledRows, keys: Sequence[str]) -> bool:
    """Return whether no two ids have one hash, for which 8 bytes of each row are in memory."""
    hashes = np.empty(rows.num_rows, np.int64)
    place = 0
    for batch in rows.batches(keys):
        ids = zip(*(batch.column(key).to_pylist() for key in keys), strict=True)
        hashes[place : place + batch.num_rows] = [hash(one) for one in ids]
        place += batch.num_rows
    hashes.sort()
    return not np.any(hashes[1:] == hashes[:-1])
