"""Tables larger than memory, for the time of one process."""

import mmap
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from sau.core.errors import UserError


def spool(batches: Iterable[pa.RecordBatch], schema: pa.Schema, folder: Path | None) -> pa.Table:
    """Write record batches to disk one by one, and return them as one table that stands there.

    The table's columns are mapped from a file without a name, so the operating system reads them
    when they are looked at and forgets them when memory is short. It removes the file when the
    table is gone, or when the process ends in whatever way.

    Args:
        batches: taken one by one; any number of them.
        schema: of each batch.
        folder: on a disk with room for all rows, made if it is missing; None for the system's
            folder of temporary files.

    Returns: the rows in their order, in the batches' own chunks.

    Raises:
        UserError: the file cannot be written.
    """
    with _explained(folder):
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
    with file:
        with _explained(folder):
            writer = pa.ipc.new_stream(file, schema)
        for batch in batches:
            with _explained(folder):
                writer.write_batch(batch)
        with _explained(folder):
            writer.close()
            file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return pa.ipc.open_stream(pa.py_buffer(mapped)).read_all()


@contextmanager
def _explained(folder: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = folder or tempfile.gettempdir()
        advice = "make room there" if folder else "make room there, or set TMPDIR to another folder"
        raise UserError(
            f"cannot write a temporary file in {where}: {error.strerror or error}; {advice}"
        ) from error
