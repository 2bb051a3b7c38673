"""Finished batches of a shard that is not whole yet, so that a killed job loses one at most."""

import itertools
import logging
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sau.pipeline.images.rows import COLUMNS
from sau.pipeline.images.wanted import Wanted
from sau.storage import manifest
from sau.storage.manifest.record import DamagedError
from sau.storage.spool import spool
from sau.storage.wrecks import put_aside

ROWS_TOGETHER = 64
"""Rows that are put together in memory for the shard's file, whatever batches they came in."""

WAITING_BYTES = 64 * 2**20
"""Of rows that wait in memory; more of them wait on the disk."""

log = logging.getLogger(__name__)


class FinishedBatches:
    """A folder with one manifest of images for each finished batch, which is whole or not there."""

    def __init__(self, folder: Path, wanted: Wanted) -> None:
        """Read what an earlier job left.

        Args:
            folder: beside the shard's file; Snakemake removes the outputs of a killed job, not it.
            wanted: the shard's pictures; batches that hold none of them are removed.
        """
        self._folder = folder
        self._wanted = wanted
        self._spooled: list[pa.Table] = []
        self._waiting: list[pa.Table] = []
        self._read()

    def ids(self) -> set[str]:
        """Return the ids of the images that are there."""
        return {name for table in self._tables() for name in table["id"].to_pylist()}

    def add(self, place: int, table: pa.Table) -> None:
        """Write one batch, and keep it.

        Args:
            place: of its first image in the shard; it, or the next free number, names the file.
            table: rows of an images manifest; those that were drawn alike have a file together.
        """
        paths = (self._folder / f"batch-{number:08d}.parquet" for number in itertools.count(place))
        how = [self._wanted.drawn_as(label) for label in table["label"].to_pylist()]
        for one in dict.fromkeys(how):
            rows = table.filter(pa.array([other == one for other in how]))
            path = next(path for path in paths if not path.exists())
            manifest.write(path, "images", rows, {"drawn_as": one})
        self.take(table)

    def take(self, table: pa.Table) -> None:
        """Count rows, such as those of an earlier shard, as finished."""
        self._waiting.append(table.cast(manifest.SCHEMAS["images"]))
        if sum(one.nbytes for one in self._waiting) > WAITING_BYTES:
            self._spooled.append(self._on_disk(pa.concat_tables(self._waiting).to_batches()))
            self._waiting = []

    def table(self, ids: list[str]) -> pa.Table:
        """Return the rows of `ids`, all of which are there, in that order, mapped from the disk.

        The table's chunks depend on the rows alone, and so do the bytes that it is written as.
        """
        tables = self._tables()
        places = {
            name: (which, row)
            for which, table in enumerate(tables)
            for row, name in enumerate(table["id"].to_pylist())
        }

        def chunk(start: int) -> list[pa.RecordBatch]:
            own = [places[name] for name in ids[start : start + ROWS_TOGETHER]]
            rows = pa.concat_tables([tables[which].slice(row, 1) for which, row in own])
            whole: list[pa.RecordBatch] = rows.combine_chunks().to_batches()
            return whole

        starts = range(0, len(ids), ROWS_TOGETHER)
        return self._on_disk(batch for start in starts for batch in chunk(start))

    def remove(self) -> None:
        """Remove the folder, once the shard's own file is there."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tables(self) -> list[pa.Table]:
        return [*self._spooled, *self._waiting]

    def _on_disk(self, batches: Iterable[pa.RecordBatch]) -> pa.Table:
        return spool(batches, manifest.SCHEMAS["images"], self._folder.parent)

    def _read(self) -> None:
        if os.path.lexists(self._folder) and not self._folder.is_dir():
            _put_aside(self._folder, "no folder")
        rows, others = 0, []
        for path in sorted(self._folder.glob("batch-*.parquet")):
            batch = _read_batch(path)
            own = None if batch is None else self._wanted_of(batch)
            if own is not None and own.num_rows:
                rows += own.num_rows
                self.take(own)
            elif own is not None:
                others.append(path)
        if others:
            log.warning(
                "%s: batches of other settings, prompts, weights or code; starting afresh",
                self._folder,
            )
            for path in others:
                path.unlink()
        if rows:
            log.info("%s: going on after %d images", self._folder, rows)

    def _wanted_of(self, batch: "_Batch") -> pa.Table:
        """Return those rows of a batch that show one of the shard's pictures."""
        rows = batch.table.select(list(COLUMNS)).to_pylist()
        ids = self._wanted.ids_in(rows, lambda _: batch.made.get("drawn_as"))
        own = batch.table.filter(pc.is_in(batch.table["id"], value_set=pa.array(ids, pa.string())))
        return self._wanted.with_labels(own)


class _Batch(NamedTuple):
    path: Path
    made: dict[str, Any]
    table: pa.Table


def _read_batch(path: Path) -> _Batch | None:
    """Return a batch as it was written; one that is not is put aside, and drawn again."""
    try:
        made = manifest.read_metadata(path)["provenance"]
        return _Batch(path, made, manifest.read(path, "images"))
    except DamagedError as error:
        _put_aside(path, error)
        return None


def _put_aside(path: Path, reason: object) -> None:
    aside = put_aside(path)
    log.warning("%s; put aside as %s, its images are drawn again", reason, aside.name)
