import json
import logging
import os
import shutil

import pytest

from sau.core.errors import UserError
from sau.sources.hub import splits_of
from tests.sources.hub.hub_folders import put_csv, put_parquet, put_saved
from tests.sources.make_images import put


def test_remarks_hidden_files_and_pictures_are_no_data(tmp_path, caplog):
    put_parquet(tmp_path)
    put(tmp_path / ".cache/x.csv", b"")
    put(tmp_path / "README.md", b"# a card")
    put(tmp_path / "dataset_infos.json", b"{}")
    put(tmp_path / "classes.json", b"{}")
    put(tmp_path / "0.png", b"")
    os.mkfifo(tmp_path / "pipe.csv")
    with caplog.at_level(logging.WARNING):
        assert [file.name for file in splits_of(tmp_path, "k")["train"]] == [
            f"train-0000{n}-of-00003.parquet" for n in range(3)
        ]
    assert "left out classes.json, which is taken for a remark" in caplog.text


def test_folders_that_hold_no_data_set(tmp_path):
    with pytest.raises(UserError, match="^k: .*no such folder"):
        splits_of(tmp_path / "no", "k")
    put(tmp_path / "a/0.png", b"")
    with pytest.raises(UserError, match="^k: .*no data set found; expected Parquet files, WebData"):
        splits_of(tmp_path / "a", "k")
    put_csv(tmp_path / "b")
    put_parquet(tmp_path / "b")
    with pytest.raises(UserError, match="files of several kinds, such as .* and .*; expected one"):
        splits_of(tmp_path / "b", "k")
    put(tmp_path / "c/x-train.arrow", b"")
    with pytest.raises(UserError, match="x-train.arrow without a state.json beside it"):
        splits_of(tmp_path / "c", "k")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("state.json", "[", "state.json: not readable as JSON .*; write the data set by save_to"),
        ("state.json", "[1]", "state.json: '.1.', expected an object"),
        ("state.json", "[" * 200, "nested deeper"),
        ("state.json", '{"_data_files": []}', "expected the names of its Arrow files"),
        ("state.json", '{"_data_files": [{"filename": "../x.arrow"}]}', "expected the names of"),
        ("state.json", '{"_data_files": [{"filename": "x"}, 3]}', "expected the names of"),
        ("state.json", '{"_data_files": [{"file": "x"}]}', "expected the names of"),
        ("state.json", '{"_indices_data_files": [{"filename": "i"}]}', "rows chosen by a file of"),
        ("dataset_dict.json", '{"splits": ["../x"]}', "expected a list of names as its `splits`"),
        ("dataset_dict.json", '{"splits": ["gone"]}', "gone: no such folder"),
    ],
)
def test_saved_folders_that_are_not_as_they_were_written(tmp_path, name, content, message):
    put_saved(tmp_path)
    put(tmp_path / name, content.encode())
    with pytest.raises(UserError, match=message) as caught:
        splits_of(tmp_path, "k")
    assert "\n" not in str(caught.value)


def test_saved_split_that_says_its_name(tmp_path):
    put_saved(tmp_path)
    state = json.loads((tmp_path / "state.json").read_text())
    put(tmp_path / "state.json", json.dumps(state | {"_split": "extra"}).encode())
    assert list(splits_of(tmp_path, "k")) == ["extra"]


def test_file_that_a_link_leads_to_again_is_refused(tmp_path):
    put_parquet(tmp_path / "a", shards=1)
    (tmp_path / "a/data/train-00000-of-00001.parquet").rename(tmp_path / "a/data/0.parquet")
    (tmp_path / "a/copy").symlink_to("data")
    with pytest.raises(
        UserError, match=r"copy/0.parquet and data/0.parquet are one file, whose im"
    ):
        splits_of(tmp_path / "a", "k")
    put_csv(tmp_path / "b/data")
    (tmp_path / "b/copy").symlink_to("data")
    with pytest.raises(UserError, match=r"copy/metadata.csv and data/metadata.csv are one file"):
        splits_of(tmp_path / "b", "k")


def put_in_cache(folder, revisions, main=None):
    """As the Hub's client keeps a repository: links to blobs, a folder for each revision."""
    for number, revision in enumerate(revisions):
        put_parquet(folder / "made", start=100 * number, shards=1)
        blob = folder / "blobs" / f"blob{number}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        (folder / "made/data/train-00000-of-00001.parquet").rename(blob)
        link = folder / "snapshots" / revision / "data/train-00000-of-00001.parquet"
        link.parent.mkdir(parents=True)
        link.symlink_to(blob)
    shutil.rmtree(folder / "made")
    if main:
        put(folder / "refs/main", main.encode())


@pytest.mark.parametrize("within", ["", "snapshots"])
def test_one_revision_of_the_cache_of_the_hub_is_read(tmp_path, within):
    put_in_cache(tmp_path / "set", ["a1", "b2"], main="b2")
    assert splits_of(tmp_path / "set" / within, "k") == {
        "train": [tmp_path / "set/snapshots/b2/data/train-00000-of-00001.parquet"]
    }
    put_in_cache(tmp_path / "one", ["a1"], main="gone")
    (file,) = splits_of(tmp_path / "one" / within, "k")["train"]
    assert file.parts[-3] == "a1"


@pytest.mark.parametrize("main", [None, "gone", "x" * 300])
def test_revisions_of_the_cache_of_which_none_is_named(tmp_path, main):
    put_in_cache(tmp_path / "set", ["a1", "b2"], main)
    with pytest.raises(UserError, match="k: .*set: 2 revisions, such as 'a1' and 'b2', and no ref"):
        splits_of(tmp_path / "set", "k")


@pytest.mark.parametrize("name", ["test.csv.gz", "deep/test.tar.XZ", "test.tgz"])
def test_compressed_files_are_not_left_out_in_silence(tmp_path, name):
    put(tmp_path / "train.csv", b"file_name,label\n0.png,cat\n")
    put(tmp_path / name, b"x")
    with pytest.raises(UserError, match=f"{name} is compressed, so its rows would be left out"):
        splits_of(tmp_path, "k")


def test_equal_lists_of_other_images_are_two_in_the_cache_of_the_hub(tmp_path):
    put(tmp_path / "blob", b"file_name,label\n0.png,cat\n")
    for name in ("a", "b"):
        (tmp_path / "set" / name).mkdir(parents=True)
        (tmp_path / "set" / name / "metadata.csv").symlink_to(tmp_path / "blob")
    assert len(splits_of(tmp_path / "set", "k")["train"]) == 2
