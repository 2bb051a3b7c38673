"""Parquet tables."""

import json
import logging

import pyarrow as pa
import pytest

from sau.core.errors import UserError
from tests.sources.make_images import (
    picture,
    put_table,
)


def test_parquet_of_names_and_of_indices(run, tmp_path):
    rows = [{"image": picture(i), "label": ["b", "a"][i % 2]} for i in range(6)]
    put_table(tmp_path / "train.parquet", rows)
    put_table(tmp_path / "test.parquet", [{"image": picture(9), "label": "b"}])
    files = {f"{name}_file": str(tmp_path / f"{name}.parquet") for name in ("train", "test")}
    train, test, facts = run(source="parquet", **files)
    assert facts["class_names"] == ["a", "b"]
    assert [row["id"] for row in train[:3]] == [f"real/train/{i:08d}" for i in (1, 3, 5)]
    assert [(row["id"], row["label"]) for row in test] == [("real/test/00000000", 1)]

    put_table(tmp_path / "train.parquet", [{**row, "label": i % 2} for i, row in enumerate(rows)])
    train, test, facts = run(source="parquet", train_file=files["train_file"], test_per_class=1)
    assert facts["class_names"] == ["0", "1"]
    assert (len(train), len(test)) == (4, 2)
    with pytest.raises(UserError, match="carries class names, such as 'b', unlike"):
        run(source="parquet", **files)


def test_image_in_both_splits(run, tmp_path, caplog):
    table = [{"id": name, "image": picture(0), "label": 0} for name in "abc"]
    others = [{"id": str(n), "image": picture(n), "label": 1} for n in (8, 9)]
    put_table(tmp_path / "one.parquet", table + others)
    put_table(tmp_path / "two.parquet", table[2:])
    files = {"train_file": str(tmp_path / "one.parquet"), "source": "parquet"}
    with pytest.raises(UserError, match="id 'real/c' is in the training and the test images"):
        run(test_file=str(tmp_path / "two.parquet"), **files)
    with pytest.raises(UserError, match="is dataset.train_file too"):
        run(test_file=files["train_file"], **files)
    with caplog.at_level(logging.WARNING):
        run(test_per_class=1, **files)
    assert "1 test images have the same bytes as a training image" in caplog.text


def test_one_class_alone_is_refused(run, tmp_path):
    put_table(tmp_path / "one.parquet", [{"image": picture(n), "label": 0} for n in range(3)])
    with pytest.raises(UserError, match="one class alone, '0'; expected two at least"):
        run(source="parquet", train_file=str(tmp_path / "one.parquet"), test_per_class=1)


def test_class_labels_of_two_tables_are_matched_by_name(run, tmp_path):
    def put_labelled(name, order, labels):
        info = {"info": {"features": {"label": {"names": order, "_type": "ClassLabel"}}}}
        schema = pa.schema([("image", pa.binary()), ("label", pa.int64()), ("id", pa.string())])
        schema = schema.with_metadata({"huggingface": json.dumps(info)})
        rows = [
            {"image": picture((len(name), place)), "label": order.index(label), "id": label + name}
            for place, label in enumerate(labels)
        ]
        put_table(tmp_path / f"{name}.parquet", rows, schema)
        return str(tmp_path / f"{name}.parquet")

    files = {
        "train_file": put_labelled("train", ["cat", "dog", "bird"], ["cat", "dog", "bird"]),
        "test_file": put_labelled("test", ["bird", "cat", "dog"], ["bird", "dog", "cat"]),
    }
    for given in ([], ["dog", "bird", "cat"]):
        *splits, facts = run(source="parquet", class_names=given, **files)
        assert facts["class_names"] == (given or ["cat", "dog", "bird"])
        for row in [row for split in splits for row in split]:
            name = facts["class_names"][row["label"]]
            assert row["id"].startswith(f"real/{name}")
