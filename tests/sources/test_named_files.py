import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sau.assets.shipped import fingerprint
from sau.sources.named_files import named_files
from tests.sources.make_images import picture, put


def write(folder, images):
    pq.write_table(pa.table({"image": images}), folder / "t.parquet")
    return folder / "t.parquet"


@pytest.mark.parametrize("as_struct", [False, True])
def test_files_that_a_table_names(tmp_path, as_struct):
    put(tmp_path / "imgs" / "a.png", picture(0))
    put(tmp_path / "elsewhere" / "b.png", picture(1))
    paths = ["imgs/a.png", str(tmp_path / "elsewhere" / "b.png"), "no.png", None, "", "imgs"]
    images = [{"bytes": None, "path": path} for path in paths] if as_struct else paths
    table = write(tmp_path, images)
    expected = [tmp_path / "imgs" / "a.png", tmp_path / "elsewhere" / "b.png"]
    assert named_files(table, "image") == expected
    before = fingerprint(map(str, expected))
    os.utime(expected[0], (1, 1))
    assert fingerprint(map(str, expected)) != before


def test_images_within_the_table_are_not_read_for_their_paths(tmp_path):
    put(tmp_path / "a.png", picture(0))
    table = write(tmp_path, [{"bytes": b"x", "path": "a.png"}])
    assert named_files(table, "image") == []
    assert named_files(write(tmp_path, [b"x"]), "image") == []


def test_table_that_names_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    table = write(tmp_path, ["pipe", "/dev/zero", "x" * 5000, "a\0b", "\n"])
    assert named_files(table, "image") == []
    assert named_files(table, "other") == []
    assert named_files(tmp_path / "no.parquet", "image") == []
    put(tmp_path / "t.parquet", b"no table")
    assert named_files(table, "image") == []


def test_files_of_a_very_long_table_are_not_looked_at(tmp_path):
    put(tmp_path / "a.png", picture(0))
    assert named_files(write(tmp_path, ["a.png"]), "image", most=1) == [tmp_path / "a.png"]
    assert named_files(write(tmp_path, ["a.png"] * 2), "image", most=1) == []


def test_files_that_the_lists_of_a_folder_name(tmp_path):
    put(tmp_path / "elsewhere" / "b.png", picture(1))
    put(tmp_path / "set" / "a.png", picture(0))
    text = f"file_name,label\na.png,0\nno.png,1\n{tmp_path / 'elsewhere' / 'b.png'},1\n"
    put(tmp_path / "set" / "train.csv", text.encode())
    expected = [tmp_path / "set" / "a.png", tmp_path / "elsewhere" / "b.png"]
    assert named_files(tmp_path / "set", "image") == expected
    assert named_files(tmp_path / "set", "image", most=2) == []
    put(tmp_path / "set" / "train.csv", b"no list")
    assert named_files(tmp_path / "set", "image") == []
    pq.write_table(pa.table({"file_name": ["a.png"]}), tmp_path / "set" / "metadata.parquet")
    (tmp_path / "set" / "train.csv").unlink()
    assert named_files(tmp_path / "set", "image") == [tmp_path / "set" / "a.png"]
