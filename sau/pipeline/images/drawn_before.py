"""Pictures of earlier shards that are drawn no second time."""

import glob
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from sau.core.errors import UserError
from sau.pipeline.images.rows import COLUMNS
from sau.pipeline.images.wanted import Row, Wanted
from sau.storage import manifest
from sau.storage.reuse import reuse_folder

STORED = "shard"
"""What a shard is called among the results that are kept for reuse."""

log = logging.getLogger(__name__)


def drawn_before(output: Path, shard: int, shards: int, wanted: Wanted) -> Iterator[pa.Table]:
    """Yield rows of the wanted pictures that stand in shards of an earlier run, each once.

    They are looked for under the second names of shards first, which outlive a job's removal of
    its outputs. A file that cannot be read is passed over.

    Args:
        output: the shard's own file.
        shard: its number, of a later round counted on.
        shards: of each round.
        wanted: the pictures.
    """
    for path in _earlier_shards(output):
        if not wanted.ids():
            return
        try:
            table = _wanted_of(path, shard, shards, wanted)
        except UserError as error:  # another schema version, say, or gone since
            log.info("%s; its images are not reused", error)
            continue
        if table.num_rows:
            wanted = wanted.without(set(table["id"].to_pylist()))
            yield table


def _earlier_shards(output: Path) -> list[Path]:
    """Return the files that may hold pictures: of the same shard, then of the others."""
    series = glob.escape(output.stem.rpartition("-")[0] or output.stem)
    own = [reuse_folder(output) / STORED, output]
    others = [
        *sorted(output.parent.glob(f"{series}-*.reuse/{STORED}")),
        *sorted(output.parent.glob(f"{series}-*{output.suffix}")),
    ]
    return [path for path in dict.fromkeys([*own, *others]) if path.is_file()]


def _wanted_of(path: Path, shard: int, shards: int, wanted: Wanted) -> pa.Table:
    schema = manifest.SCHEMAS["images"]
    made = manifest.read_metadata(path)["provenance"]
    ids: list[str] = []
    if _may_hold(made, shard, shards):
        by_class = {
            name: generator.get("drawn_as")
            for generator in made.get("generators", [])
            for name in generator["classes"]
        }
        names = made["class_names"]

        def drawn_as(row: Row) -> str | None:
            return by_class.get(names[row["label"]])

        rows = manifest.read(path, "images", columns=list(COLUMNS)).to_pylist()
        ids = wanted.ids_in(rows, drawn_as)
    if not ids:
        return schema.empty_table()
    found = manifest.read_rows([path], "images", ids, columns=schema.names)
    return wanted.with_labels(pa.Table.from_pylist(list(found.values()), schema=schema))


def _may_hold(made: Mapping[str, Any], shard: int, shards: int) -> bool:
    """Return whether pictures of a shard may be there: not in another one of as many."""
    of_as_many = made.get("settings", {}).get("shards") == shards
    return not of_as_many or (int(made["shard"]) - shard) % shards == 0
