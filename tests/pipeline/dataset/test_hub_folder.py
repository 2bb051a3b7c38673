"""The stage on data sets that `datasets` wrote."""

import datasets
import pytest

from sau.core.errors import UserError
from tests.sources.hub.hub_folders import NAMES, dataset_of, put_csv, put_parquet, put_saved_dict
from tests.sources.make_images import picture, put_table


def hub(folder, **settings):
    return {"source": "hub-folder", "folder": str(folder), **settings}


def test_splits_and_class_label_names(tmp_path, run):
    put_saved_dict(tmp_path / "set")
    train, test, made = run(**hub(tmp_path / "set"))
    assert made["class_names"] == NAMES
    assert [row["label"] for row in train] == [0, 0, 0, 1, 1, 2, 2]
    assert [row["label"] for row in test] == [0, 0, 0, 1, 1, 2, 2]
    assert train[0]["id"] == "real/train/00000001"
    assert test[0]["id"] == "real/validation/00000001"


def test_test_images_are_split_off_where_there_is_one_split(tmp_path, run):
    put_csv(tmp_path / "set")
    train, test, _ = run(**hub(tmp_path / "set", test_per_class=1))
    assert [row["label"] for row in test] == [0, 1, 2]
    assert len(train) == 4
    assert {row["status"] for row in (*train, *test)} == {"ok"}


def test_named_splits_and_other_columns(tmp_path, run):
    names = {"image": "img", "label": "fine"}
    parts = {"a": dataset_of().rename_columns(names), "b": dataset_of(50).rename_columns(names)}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "set")
    columns = {"image_column": "img", "label_column": "fine"}
    train, test, _ = run(**hub(tmp_path / "set", train_part="b", test_part="a", **columns))
    assert (train[0]["id"], test[0]["id"]) == ("real/b/00000001", "real/a/00000001")
    with pytest.raises(
        UserError, match="dataset.train_part: .*no split 'train', and none is named"
    ):
        run(**hub(tmp_path / "set", **columns))
    with pytest.raises(UserError, match="dataset.test_part: 'b' is the split of the training imag"):
        run(**hub(tmp_path / "set", train_part="b", test_part="b", **columns))
    with pytest.raises(UserError, match="no column 'image'; (did you|known are)"):
        run(**hub(tmp_path / "set", train_part="b"))


def test_splits_are_matched_by_name(tmp_path, run):
    put_parquet(tmp_path / "set")
    features = dataset_of().features | {"label": datasets.ClassLabel(names=NAMES[::-1])}
    other = dataset_of(20)
    columns = other.to_dict() | {"label": [2 - label for label in other["label"]]}
    turned = datasets.Dataset.from_dict(columns, features=datasets.Features(features))
    turned.to_parquet(tmp_path / "set/data/test-00000-of-00001.parquet")
    train, test, made = run(**hub(tmp_path / "set"))
    assert made["class_names"] == NAMES
    assert [row["label"] for row in test] == [row["label"] for row in train]


def test_ids_that_count_in_both_splits_begin_with_the_split(tmp_path, run):
    for split, start in (("train", 0), ("test", 10)):
        rows = [{"id": i, "image": picture(start + i), "label": i % 2} for i in range(2)]
        put_table(tmp_path / f"set/{split}.parquet", rows)
    train, test, _ = run(**hub(tmp_path / "set"))
    assert [row["id"] for row in train] == ["real/train/0", "real/train/1"]
    assert [row["id"] for row in test] == ["real/test/0", "real/test/1"]


def test_unlabelled_test_split_is_refused(tmp_path, run):
    put_parquet(tmp_path / "set")
    rows = [{"image": b"", "label": -1}]
    put_table(tmp_path / "set/data/test-00000-of-00001.parquet", rows)
    with pytest.raises(UserError, match="split 'test': label -1 in row 0, expected 0 to 2"):
        run(**hub(tmp_path / "set"))
