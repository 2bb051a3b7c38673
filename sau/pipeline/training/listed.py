"""Encoded images out of the manifests that hold them, a row group in memory at a time."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.pipeline.training.members import names_of
from sau.storage.manifest import read_groups
from sau.storage.manifest.schemas import STATUS_OK


@dataclasses.dataclass(frozen=True)
class Listed:
    """Images of one kind that a run needs, and where they are.

    `ids`: who they are, each once; `places`: where they belong among all images that are loaded
    together; `manifests`: what holds them, beside others; `size_setting`: the setting that makes
    their sizes equal.
    """

    ids: Sequence[str]
    places: Sequence[int]
    manifests: Sequence[Path]
    size_setting: str


class Encoded(NamedTuple):
    """One image: its place, its id, its bytes and the setting of its size."""

    place: int
    name: str
    data: bytes
    size_setting: str


def read_encoded(listed: Listed) -> Iterator[Encoded]:
    """Yield the images in the order of the manifests; which is not that of their places.

    Raises:
        UserError: one that no manifest has, before the first is read; or a damaged manifest.
    """
    for path, found in _find(listed):
        tables = read_groups(path, "images", columns=["image"], groups=list(found))
        for table, (rows, indices) in zip(tables, found.values(), strict=True):
            images = table["image"].take(pa.array(rows, pa.int64()))
            for index, data in zip(indices, pc.struct_field(images, "bytes"), strict=True):
                place, name = listed.places[index], listed.ids[index]
                yield Encoded(place, name, data.as_py() or b"", listed.size_setting)


_Rows = dict[int, tuple[list[int], list[int]]]
"""By the row group of a manifest: rows in it, and which of the listed images they are."""


def _find(listed: Listed) -> list[tuple[Path, _Rows]]:
    """Find the images by their ids alone, in those row groups that hold one."""
    index_of = {name: index for index, name in enumerate(listed.ids)}
    missing = dict.fromkeys(listed.ids)
    found: list[tuple[Path, _Rows]] = []
    for path in listed.manifests:
        groups: _Rows = {}
        for group, table in enumerate(read_groups(path, "images", columns=["id", "status"])):
            columns = table["id"].to_pylist(), table["status"].to_pylist()
            for row, (name, status) in enumerate(zip(*columns, strict=True)):
                if status == STATUS_OK and name in index_of:
                    rows, indices = groups.setdefault(group, ([], []))
                    rows.append(row)
                    indices.append(index_of[name])
                    missing.pop(name, None)
        found.append((path, groups))
    if missing:
        where = names_of(listed.manifests) or "no manifest at all"
        raise UserError(
            f"{len(missing)} members have no readable image in {where}, the first is "
            f"{next(iter(missing))!r}; run the subset stage again on the same images"
        )
    return found
