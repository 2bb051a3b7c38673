"""Rows that failed, said once for a whole table."""

import logging

import pyarrow as pa
import pyarrow.compute as pc

from sau.storage.manifest.schemas import STATUS_FAILED

log = logging.getLogger(__name__)


def report_failures(table: pa.Table, description: str) -> None:
    """Warn of the rows of a table that failed, if any did: how many, and why the first.

    Args:
        table: has the columns id, status and reason.
        description: what the rows are of, for the message.
    """
    failed = table.select(["id", "reason"]).filter(pc.equal(table["status"], STATUS_FAILED))
    if failed.num_rows:
        first = failed.slice(0, 1).to_pylist()[0]
        log.warning(
            "%s: %d of %d images failed; the first is %s: %s",
            description,
            failed.num_rows,
            table.num_rows,
            first["id"],
            first["reason"],
        )
