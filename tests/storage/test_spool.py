import gc
import os

import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.storage.spool import SpooledRows, spool

SCHEMA = pa.schema([("id", pa.int64()), ("data", pa.binary()), ("none", pa.string())])


def batch(number, size=10):
    rows = [{"id": number, "data": None if number % 3 == 1 else os.urandom(size), "none": None}]
    return pa.RecordBatch.from_pylist(rows * 2, SCHEMA)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_rows_come_back_in_the_same_chunks(count, tmp_path):
    batches = [batch(number) for number in range(count)]
    table = spool(iter(batches), SCHEMA, tmp_path / "new" / "folder")
    assert table.equals(pa.Table.from_batches(batches, SCHEMA))
    assert table["data"].num_chunks == count
    assert table.nbytes == pa.Table.from_batches(batches, SCHEMA).nbytes


def test_file_has_no_name_and_lasts_as_long_as_the_table(tmp_path):
    table = spool([batch(0)], SCHEMA, tmp_path)
    assert list(tmp_path.iterdir()) == []
    column = table["data"]
    del table
    gc.collect()
    assert len(column[0].as_py()) == 10


def test_folder_of_temporary_files_is_the_default(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert spool([batch(0)], SCHEMA, None).num_rows == 2
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="in .*nowhere: No such file.*set TMPDIR"):
        spool([batch(0)], SCHEMA, None)


def test_rows_are_not_in_memory(tmp_path):
    size = 100_000
    before = pa.total_allocated_bytes()
    peaks = []

    def batches():
        for _ in range(20):
            peaks.append(pa.total_allocated_bytes() - before)
            yield batch(0, size)

    table = spool(batches(), SCHEMA, tmp_path)
    assert table.nbytes > 40 * size
    assert max(peaks) < 10 * size
    assert pa.total_allocated_bytes() - before < 10 * size


def test_error_of_the_batches_is_left_as_it_is(tmp_path):
    def failing():
        yield batch(0)
        raise OSError("of the source")

    with pytest.raises(OSError, match="of the source"):
        spool(failing(), SCHEMA, tmp_path)


def test_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UserError, match="temporary file in .*taken: File exists; make room"):
        spool([batch(0)], SCHEMA, tmp_path / "taken")


@pytest.mark.parametrize("count", [0, 1, 5])
def test_spooled_rows_come_back_as_often_as_wanted(count, tmp_path):
    batches = [batch(number) for number in range(count)]
    rows = SpooledRows(iter(batches), SCHEMA, tmp_path / "new" / "folder")
    for _ in range(2):
        assert list(rows.batches()) == batches
        assert [one.column_names for one in rows.batches(["data"])] == [["data"]] * count
    assert rows.num_rows == 2 * count
    assert list((tmp_path / "new" / "folder").iterdir()) == []


def test_spooled_rows_can_be_looked_at_side_by_side(tmp_path):
    rows = SpooledRows([batch(0), batch(1)], SCHEMA, tmp_path)
    pairs = list(zip(rows.batches(["id"]), rows.batches(["data"]), strict=True))
    assert [one["id"][0].as_py() for one, _ in pairs] == [0, 1]
