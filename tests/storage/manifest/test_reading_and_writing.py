import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.manifest.record import DamagedError, unreadable
from sau.storage.spool import SpooledRows
from tests.paths import ROOT
from tests.storage.limits import no_more_files
from tests.storage.made import table_of, write_of_version

ROWS = pa.table(
    {
        "id": ["a", "b"],
        "label": [0, 1],
        "is_synthetic": [False, True],
        "score": [None, 0.5],
        "true_label": [None, 0],
    }
)


def test_round_trip_with_metadata(tmp_path):
    path = tmp_path / "members.parquet"
    manifest.write(path, "members", ROWS, {"seed": 3})
    table = manifest.read(path, "members")
    assert table.to_pydict() == ROWS.to_pydict()
    assert table.schema.equals(manifest.SCHEMAS["members"])
    metadata = manifest.read_metadata(path)
    assert metadata["provenance"] == {"seed": 3}
    assert metadata["content_sha256"] == manifest.content_hash(table)


@pytest.mark.parametrize("size", [None, 1, 4, 5, 100])
@pytest.mark.parametrize("kind", ["images", "prompts", "scores"])
def test_rows_on_disk_give_the_bytes_of_a_table(tmp_path, kind, size):
    table = table_of(kind)
    table = pa.concat_tables([table.slice(0, 3), table.slice(3)]).cast(manifest.SCHEMAS[kind])
    rows = SpooledRows(table.to_batches(), table.schema, tmp_path)
    for name, one in {"table": table, "rows": rows}.items():
        manifest.write(tmp_path / name, kind, one, {"seed": 3}, rows_of_a_group=size)
    assert (tmp_path / "table").read_bytes() == (tmp_path / "rows").read_bytes()
    assert manifest.read(tmp_path / "rows", kind).equals(table.combine_chunks())


def test_rows_on_disk_without_any_are_a_table_without_rows(tmp_path):
    schema = manifest.SCHEMAS["prompts"]
    manifest.write(tmp_path / "rows", "prompts", SpooledRows([], schema, tmp_path), {})
    manifest.write(tmp_path / "table", "prompts", schema.empty_table(), {})
    assert (tmp_path / "table").read_bytes() == (tmp_path / "rows").read_bytes()


def test_duplicated_ids_and_missing_values_on_disk_are_refused(tmp_path):
    table = table_of("prompts").cast(manifest.SCHEMAS["prompts"])
    twice = SpooledRows(pa.concat_tables([table, table]).to_batches(), table.schema, tmp_path)
    with pytest.raises(UserError, match=f"{table.num_rows} duplicated ids in prompts"):
        manifest.write(tmp_path / "x", "prompts", twice, {})
    none = table.slice(0, 1).set_column(0, table.schema.field(0), pa.nulls(1, pa.string()))
    with pytest.raises(UserError, match="column id of prompts has rows without a value"):
        manifest.write(
            tmp_path / "x", "prompts", SpooledRows(none.to_batches(), none.schema, tmp_path), {}
        )
    assert not (tmp_path / "x").exists()


def test_rows_give_the_same_bytes_again(tmp_path):
    for name in ("one", "two"):
        manifest.write(tmp_path / name, "members", ROWS, {"seed": 3})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_shards_are_read_in_order_and_columns_in_the_schemas_order(tmp_path):
    paths = []
    for index in range(3):
        paths.append(tmp_path / f"{index}.parquet")
        manifest.write(paths[-1], "members", ROWS.slice(index, 1), {})
    table = manifest.read(paths, "members", columns=["is_synthetic", "id"])
    assert table.to_pydict() == {"id": ["a", "b"], "is_synthetic": [False, True]}


def test_duplicated_ids_are_refused_at_write_and_across_shards(tmp_path):
    twice = pa.concat_tables([ROWS, ROWS])
    with pytest.raises(UserError, match="2 duplicated ids in members"):
        manifest.write(tmp_path / "x.parquet", "members", twice, {})
    assert list(tmp_path.iterdir()) == []
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for path in paths:
        manifest.write(path, "members", ROWS, {})
    with pytest.raises(UserError, match="duplicated ids"):
        manifest.read(paths, "members")


def test_values_that_are_missing_are_refused(tmp_path):
    rows = ROWS.set_column(0, "id", pa.array(["a", None]))
    with pytest.raises(UserError, match="column id of members has rows without a value"):
        manifest.write(tmp_path / "x.parquet", "members", rows, {})


def test_row_groups_one_by_one(tmp_path):
    path = tmp_path / "members.parquet"
    flags = {"is_synthetic": [False, True] * 4, "score": [0.25] * 8, "true_label": [0] * 8}
    rows = pa.table({"id": list("abcdefgh"), "label": range(8)} | flags)
    manifest.write(path, "members", rows, {}, rows_of_a_group=3)
    tables = list(manifest.read_groups(path, "members"))
    assert [table["id"].to_pylist() for table in tables] == [list("abc"), list("def"), list("gh")]
    assert pa.concat_tables(tables).equals(manifest.read(path, "members"))
    some = manifest.read_groups(path, "members", columns=["label", "id"], groups=[2, 0])
    assert [table.to_pydict() for table in some] == [
        {"id": ["g", "h"], "label": [6, 7]},
        {"id": ["a", "b", "c"], "label": [0, 1, 2]},
    ]


def test_row_groups_of_another_kind_or_of_a_damaged_file(tmp_path):
    path = tmp_path / "members.parquet"
    manifest.write(path, "members", ROWS, {})
    with pytest.raises(UserError, match="a manifest of members, expected one of kept"):
        next(manifest.read_groups(path, "kept"))
    data = bytearray(path.read_bytes())
    data[4:60] = bytes(56)
    path.write_bytes(data)
    with pytest.raises(UserError, match="members.parquet: damaged .*run its stage again"):
        list(manifest.read_groups(path, "members"))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "no such manifest"),
        (lambda path: path.write_bytes(b"PAR1 nonsense"), "not a readable Parquet file"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "not a readable Parquet file"),
        (lambda path: path.write_bytes(b""), "not a readable Parquet file"),
        (lambda path: pq.write_table(ROWS, path), "not a manifest of sau"),
    ],
)
def test_unreadable_files_are_one_line(tmp_path, spoil, message):
    path = tmp_path / "members.parquet"
    manifest.write(path, "members", ROWS, {})
    spoil(path)
    with pytest.raises(UserError, match=message):
        manifest.read(path, "members")


def test_manifest_of_another_kind_or_schema_version_is_refused(tmp_path):
    path = tmp_path / "members.parquet"
    manifest.write(path, "members", ROWS, {})
    with pytest.raises(UserError, match="a manifest of members, expected one of kept"):
        manifest.read(path, "kept")
    write_of_version(path, "members", ROWS, 99)
    with pytest.raises(UserError, match=f"schema version 99, expected {manifest.SCHEMA_VERSION}"):
        manifest.read(path, "members")


def test_images_are_shown_by_hugging_face_datasets(tmp_path, png):
    from datasets import Dataset, Image

    row = {
        "id": "a",
        "image": {"bytes": png, "path": None},
        "label": 0,
        "width": 4,
        "height": 4,
        "status": "ok",
    }
    failed = {"id": "b", "label": 1, "status": "failed", "reason": "truncated"}
    table = pa.Table.from_pylist([row, failed], schema=manifest.SCHEMAS["images"])
    path = tmp_path / "images.parquet"
    manifest.write(path, "images", table, {})
    loaded = Dataset.from_parquet(os.fspath(path), cache_dir=os.fspath(tmp_path / "cache"))
    assert isinstance(loaded.features["image"], Image)
    assert loaded[0]["image"].size == (4, 4)
    assert loaded[1]["image"] is None
    assert loaded[1]["reason"] == "truncated"


def test_tables_are_documented_and_have_their_key():
    for kind, schema in manifest.SCHEMAS.items():
        assert set(manifest.ID_COLUMNS[kind]) <= set(schema.names)
        assert all(field.metadata[b"description"] for field in schema)
    assert json.dumps(list(manifest.SCHEMAS))


def test_written_schema_is_the_one_of_the_code():

    from sau.storage.manifest.__main__ import markdown

    page = ROOT / "docs" / "manifests.md"
    assert page.read_text() == markdown(), "run `make schema`"


def test_rows_of_some_ids_come_from_several_files_and_groups(tmp_path, monkeypatch):
    paths = []
    for number in range(2):
        ids = [f"{number}-{place}" for place in range(5)]
        rows = {"id": ids, "label": [number] * 5, "is_synthetic": [False] * 5, "score": [0.5] * 5}
        rows["true_label"] = [0] * 5
        paths.append(tmp_path / f"{number}.parquet")
        manifest.write(paths[-1], "members", pa.table(rows), {}, rows_of_a_group=2)
    read = []
    whole = pq.ParquetFile.read_row_group

    def noted(file, group, columns):
        read.append((group, *columns))
        return whole(file, group, columns)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", noted)
    found = manifest.read_rows(paths, "members", ["1-4", "0-0", "9-9"], columns=["id", "label"])
    assert found == {"0-0": {"id": "0-0", "label": 0}, "1-4": {"id": "1-4", "label": 1}}
    assert [entry for entry in read if len(entry) > 2] == [(0, "id", "label"), (2, "id", "label")]


def test_rows_at_some_places_come_in_their_order(tmp_path):
    ids = [str(place) for place in range(7)]
    rows = {"id": ids, "label": range(7), "is_synthetic": [False] * 7, "score": [0.5] * 7}
    rows["true_label"] = [0] * 7
    path = tmp_path / "members.parquet"
    manifest.write(path, "members", pa.table(rows), {}, rows_of_a_group=3)
    found = manifest.read_places(path, "members", [6, 0, 3, 0], columns=["id"])
    assert found == [{"id": "6"}, {"id": "0"}, {"id": "3"}, {"id": "0"}]
    assert manifest.read_places(path, "members", [], columns=["id"]) == []


def test_manifest_that_cannot_be_had_now_is_not_to_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "kept.parquet"
    manifest.write(path, "kept", manifest.SCHEMAS["kept"].empty_table(), {})
    with pytest.raises(UserError) as refused, no_more_files():
        manifest.read(path, "kept")
    assert not isinstance(refused.value, DamagedError)
    assert "Too many open files), and may well be whole" in str(refused.value)
    assert "delete" not in str(refused.value)


def test_manifest_that_is_too_large_for_the_memory_may_be_whole() -> None:
    told = str(unreadable(Path("a.parquet"), pa.ArrowMemoryError("malloc of size 9 failed")))
    assert told.startswith("a.parquet: damaged, or too large for this machine's memory (malloc")
