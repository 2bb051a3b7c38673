"""What looks like a manifest and is none, or not ours: one line each."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sau.core.errors import UserError
from sau.storage import manifest
from tests.storage.made import FACTS, table_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    manifest.write(tmp_path / "members.parquet", "members", table_of("members"), FACTS)
    return tmp_path / "members.parquet"


def refused(path: Path) -> str:
    """Return the one line by which all readers refuse a file."""
    with pytest.raises(UserError) as refusal:
        manifest.read(path, "members")
    assert "\n" not in str(refusal.value)
    assert str(path) in str(refusal.value)
    return str(refusal.value)


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Write a changed table with the metadata that the file has."""
    table = pq.read_table(path)
    pq.write_table(change(table).replace_schema_metadata(table.schema.metadata), path)


METADATA: dict[str, Callable[[dict[bytes, bytes]], object]] = {
    "provenance that is no JSON": lambda m: m.update({b"sau.provenance": b"{"}),
    "provenance that is no object": lambda m: m.update({b"sau.provenance": b"[]"}),
    "provenance that is null": lambda m: m.update({b"sau.provenance": b"null"}),
    "another seed": lambda m: m.update({b"sau.provenance": json.dumps({"seed": 2}).encode()}),
    "provenance that is not there": lambda m: m.pop(b"sau.provenance"),
    "no content hash": lambda m: m.pop(b"sau.content_sha256"),
    "no version": lambda m: m.pop(b"sau.schema_version"),
    "a version that is no number": lambda m: m.update({b"sau.schema_version": b"six"}),
    "a version with a fraction": lambda m: m.update({b"sau.schema_version": b"6.0"}),
    "an empty version": lambda m: m.update({b"sau.schema_version": b""}),
    "an older version": lambda m: m.update({b"sau.schema_version": b"5"}),
    "no kind": lambda m: m.pop(b"sau.kind"),
    "an unknown kind": lambda m: m.update({b"sau.kind": b"cats"}),
    "another kind": lambda m: m.update({b"sau.kind": b"kept"}),
    "a kind that is no UTF-8": lambda m: m.update({b"sau.kind": b"\xff\xfe"}),
    "provenance that is no UTF-8": lambda m: m.update({b"sau.provenance": b'{"a": "\xff"}'}),
    "row groups that are no JSON": lambda m: m.update({b"sau.row_groups": b"3"}),
    "no row groups": lambda m: m.pop(b"sau.row_groups"),
    "no seal": lambda m: m.pop(b"sau.record_sha256"),
    "another entry": lambda m: m.update({b"sau.note": b"by hand"}),
    "no metadata": lambda m: m.clear(),
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata_that_was_edited(path: Path, name: str) -> None:
    table = pq.read_table(path)
    metadata = dict(table.schema.metadata)
    METADATA[name](metadata)
    pq.write_table(table.replace_schema_metadata(metadata), path)
    refused(path)
    with pytest.raises(UserError):
        manifest.read_facts(path, "members", "seed")
    with pytest.raises(UserError):
        manifest.hash_of([path])


def _set(name: str, column: Any) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.set_column(table.column_names.index(name), name, column(table))


TABLES: dict[str, Callable[[pa.Table], pa.Table]] = {
    "another label": _set("label", lambda t: pa.array([1] * 8, pa.int32())),
    "a wider type": _set("label", lambda t: t["label"].cast(pa.int64())),
    "labels as text": _set("label", lambda t: t["label"].cast(pa.string())),
    "a nested type": _set("score", lambda t: pa.array([[0.5]] * 8)),
    "a column of nothing": _set("score", lambda t: pa.nulls(8)),
    "null where none may be": _set("label", lambda t: pa.array([None] + [1] * 7, pa.int32())),
    "a doubled column": lambda t: t.append_column("label", t["label"]),
    "a column more": lambda t: t.append_column("more", t["label"]),
    "a column less": lambda t: t.drop(["score"]),
    "columns in another order": lambda t: t.select(list(reversed(t.column_names))),
    "a row less": lambda t: t.slice(1),
    "a row twice": lambda t: pa.concat_tables([t, t.slice(0, 1)]),
    "rows in another order": lambda t: t.take(list(reversed(range(8)))),
    "no rows": lambda t: t.slice(0, 0),
}


@pytest.mark.parametrize("name", TABLES)
def test_rows_that_were_edited(path: Path, name: str) -> None:
    rewrite(path, TABLES[name])
    assert "delete it and run its stage again" in refused(path)


def test_edit_of_one_column_is_found_by_those_who_read_it(path: Path) -> None:
    rewrite(path, _set("score", lambda table: pa.array([0.5] * 8, pa.float32())))
    assert "column score is not as it was written" in refused(path)
    with pytest.raises(UserError, match="column score"):
        list(manifest.read_groups(path, "members", columns=["score"]))
    with pytest.raises(UserError, match="column score"):
        manifest.read_rows([path], "members", ["synthetic/1"], columns=["id", "score"])


@pytest.mark.parametrize(
    "facts",
    [
        *({"class_names": value} for value in (3, "cat", [1, 2], None, {"cat": 1})),
        *({"inputs": value} for value in ([], {"images": "ab"}, {"images": [1]}, None)),
        *({"settings": value} for value in ([], None, "steps")),
        *({"imbalance_factor": value} for value in ("10", 0, -1, True, None)),
        *({"real_counts": value} for value in ([-1], [0.5], 3)),
        *({"std": value} for value in ([0.1], [0.1, 0.2, "x"], 0.5, [2, 2, 2])),
        {"real_counts": [3, 4], "class_names": ["cat"]},
        {"data_seed": 0.5},
        {"shard": -1},
        {"run": 3},
    ],
)
def test_provenance_of_other_types(tmp_path: Path, facts: dict[str, Any]) -> None:
    path = tmp_path / "members.parquet"
    manifest.write(path, "members", table_of("members"), facts)
    assert re.search(f"its provenance has .*{next(iter(facts))}[ ,]", refused(path))


def test_file_that_may_not_be_read_is_not_to_be_deleted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the tests may read any file: the library refuses instead of the system."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pq, "ParquetFile", refuse)
    assert "delete" not in refused(path)
