from pathlib import Path, PurePath

import pytest

from sau.core.errors import UserError
from sau.sources.hub.split_names import in_splits, split_of


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("data/train-00000-of-00002.parquet", "train"),
        ("data/test-00000-of-00001-0a1b.parquet", "test"),
        ("data/train_extra-00000-of-00001.parquet", "train_extra"),
        ("data/validation_matched-00000-of-00001.parquet", "validation_matched"),
        ("data/dev-00000-of-00001.parquet", "validation"),
        ("train_extra-00000-of-00001.parquet", "train"),
        ("data/unlabelled-00000-of-00002.parquet", "unlabelled"),
        ("unlabelled-00000-of-00002.parquet", "train"),
        ("default/val.csv", "validation"),
        ("dev/metadata.jsonl", "validation"),
        ("test/train/part.parquet", "train"),
        ("train2017.tar", "train"),
        ("latest.parquet", "train"),
        ("my_eval-set/000000.tar", "test"),
        ("0000.parquet", "train"),
    ],
)
def test_split_of_a_file(name, split):
    assert split_of(PurePath(name)) == split


def test_files_stand_in_the_order_of_their_numbers():
    files = [Path(f"x/{n}.tar") for n in (10, 9, 100)]
    assert in_splits(files, Path("x"), "k") == {"train": [files[1], files[0], files[2]]}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["train-00000-of-00002"], "k: x: of 'train' there should be .* but shard 1 is missing"),
        (["train-00001-of-00002"], "shard 0 is missing"),
        (["train-00000-of-00001", "train-00001-of-00001"], "shard 1 is no such one"),
        (["a/train-00000-of-00001", "b/train-00000-of-00001"], "several sets, in x/a and x/b; set"),
        (["train-00000-of-00001", "train-00000-of-00002"], "several sets, in x; set"),
        (
            ["train-00000-of-00001", "train"],
            "numbered shards, and beside them train.parquet, which",
        ),
    ],
)
def test_shards_that_are_not_one_set(names, message):
    with pytest.raises(UserError, match=message):
        in_splits([Path(f"x/{name}.parquet") for name in names], Path("x"), "k")
