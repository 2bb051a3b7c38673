"""Tables larger than memory, for the time of one process."""

import mmap
import tempfile
from collections.abc import Iterable, Iterator, Sequence
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


class SpooledRows:
    """Record batches on disk that are read back one at a time, as often as wanted.

    Unlike the table of `spool` they take no more memory than a batch, whatever looks at it.
    """

    def __init__(
        self, batches: Iterable[pa.RecordBatch], schema: pa.Schema, folder: Path | None
    ) -> None:
        """Write the batches to a file without a name, one by one.

        Args:
            batches: taken one by one; any number of them.
            schema: of each batch.
            folder: as of `spool`.

        Raises:
            UserError: the file cannot be written.
        """
        self.schema = schema
        self.num_rows = 0
        with _explained(folder):
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
            writer = pa.ipc.new_file(self._file, schema)
        for batch in batches:
            self.num_rows += batch.num_rows
            with _explained(folder):
                writer.write_batch(batch)
        with _explained(folder):
            writer.close()
            self._file.flush()

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the batches in their order, with these columns alone; all of them if None."""
        names = self.schema.names if columns is None else columns
        places = sorted(map(self.schema.get_field_index, names))
        options = pa.ipc.IpcReadOptions(included_fields=places)
        self._file.seek(0)
        with pa.ipc.open_file(self._file, options=options) as reader:
            for place in range(reader.num_record_batches):
                yield reader.get_batch(place)


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
