"""Every format of the Hub, written by `datasets` where it writes it: the same pictures, by name."""

import json

import datasets
import numpy as np
import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.sources.hub import choose_split, list_split, open_split, splits_of
from sau.sources.known_classes import known_labels
from sau.sources.table_columns import Columns
from tests.sources.hub.hub_folders import (
    LABELS,
    NAMES,
    WRITERS,
    dataset_of,
    pictures,
    put_parquet,
    rows_with_paths,
)
from tests.sources.make_images import damage_column, picture, put, put_table

TURNED = ["Emu", "cat", "dog"]
"""The same classes in another order and spelling."""


def listing(folder, part="", class_names=TURNED, columns=None):
    name, files = choose_split(splits_of(folder, "k"), part, folder, "p")
    columns = columns or Columns("image", "label", "prompt")
    split = open_split(folder, name, files, columns, "k")

    def labels_of(column, schema):
        return known_labels(column, schema, columns.label, class_names, "k")

    return list_split(split, labels_of, "synthetic")


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_formats_hold_the_same_pictures(tmp_path, form):
    WRITERS[form](tmp_path)
    images = listing(tmp_path)
    assert [TURNED[label].lower() for label in images.labels] == [NAMES[k] for k in LABELS]
    assert len(set(images.ids)) == len(LABELS)
    for wanted in (list(range(7)), [6, 0, 3], []):
        found = list(images.take(np.array(wanted, dtype=np.int64)).records())
        data = [r.path.read_bytes() if r.data is None else r.data for r in found]
        assert data == [pictures()[i] for i in wanted]
        assert [record.prompt for record in found] == [f"a {NAMES[LABELS[i]]}" for i in wanted]


def test_ids_are_counted_over_shards(tmp_path):
    put_parquet(tmp_path)
    assert listing(tmp_path).ids == [f"synthetic/train/{row:08d}" for row in range(7)]


def test_ids_of_samples_are_their_names(tmp_path):
    WRITERS["web-dataset"](tmp_path)
    assert listing(tmp_path).ids[2:4] == [
        "synthetic/train-000000/002",
        "synthetic/train-000001/003",
    ]


def test_split_is_chosen_by_name(tmp_path):
    WRITERS["saved-dict"](tmp_path)
    first = next(listing(tmp_path, "validation").records())
    assert first.data == picture(100)
    with pytest.raises(UserError, match=r"p: .*no split 'valid'; did you mean 'validation'"):
        listing(tmp_path, "valid")


def test_several_splits_without_train(tmp_path):
    put_parquet(tmp_path, split="test")
    assert len(listing(tmp_path)) == 7
    put_parquet(tmp_path, split="validation")
    with pytest.raises(UserError, match="no split 'train', and none is named; known are test, val"):
        listing(tmp_path)


def test_rows_that_were_selected_are_saved_as_they_stand(tmp_path):
    dataset_of().select([5, 3, 1]).save_to_disk(tmp_path)
    assert [record.data for record in listing(tmp_path).records()] == [
        picture(i) for i in (5, 3, 1)
    ]


def test_shards_of_types_that_fit_together(tmp_path):
    """One shard by `datasets`, another as polars or pandas would write the same columns."""
    plain = [{"image": picture(9), "label": 1, "prompt": "x"}]
    kinds = [("image", pa.large_binary()), ("label", pa.int16()), ("prompt", pa.large_string())]
    put_table(tmp_path / "a.parquet", plain)
    put_table(tmp_path / "b.parquet", plain, pa.schema(kinds))
    found = list(listing(tmp_path).take(np.array([1, 0])).records())
    assert [(record.data, record.label) for record in found] == [(picture(9), 1)] * 2


def test_shards_that_do_not_fit_together(tmp_path):
    put_table(tmp_path / "a.parquet", [{"image": b"x", "label": 1, "prompt": "x"}])
    put_table(tmp_path / "b.parquet", [{"image": b"x", "label": "cat", "prompt": "x"}])
    with pytest.raises(UserError, match="^k: .*labels or ids of different types .*write all of"):
        listing(tmp_path)
    put_table(tmp_path / "b.parquet", [{"image": "x.png", "label": 1, "prompt": "x"}])
    with pytest.raises(
        UserError, match="b.parquet: column 'image' is of type string, unlike that of a"
    ):
        listing(tmp_path)
    put_table(tmp_path / "b.parquet", [{"image": b"x", "label": 1, "prompt": 2}])
    with pytest.raises(UserError, match="^k: .*images or prompts of different types"):
        list(listing(tmp_path).records())
    put_table(tmp_path / "b.parquet", [{"image": b"x", "label": 1}])
    with pytest.raises(UserError, match="^k: .*b.parquet: no column 'prompt'; known are"):
        listing(tmp_path)


def test_shards_with_other_class_label_names(tmp_path):
    put_parquet(tmp_path, shards=1)
    other = datasets.ClassLabel(names=NAMES[::-1])
    (tmp_path / "data/train-00000-of-00001.parquet").rename(tmp_path / "a.parquet")
    dataset_of().cast_column("label", other).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(UserError, match="b.parquet: its ClassLabel names are not those of a.parq"):
        listing(tmp_path)


def test_damaged_files_are_one_line(tmp_path):
    put_parquet(tmp_path / "p")
    damage_column(tmp_path / "p/data/train-00001-of-00003.parquet", "label")
    with pytest.raises(UserError, match="^k: .*train-00001-of-00003.parquet: damaged"):
        listing(tmp_path / "p")
    WRITERS["saved"](tmp_path / "s")
    file = tmp_path / "s/data-00001-of-00002.arrow"
    images = listing(tmp_path / "s")
    file.write_bytes(file.read_bytes()[:700])
    for call in (lambda: list(images.records()), lambda: listing(tmp_path / "s")):
        with pytest.raises(UserError, match="^k: .*data-00001-of-00002.arrow: damaged") as caught:
            call()
        assert "\n" not in str(caught.value)
    file.unlink()
    with pytest.raises(UserError, match="data-00001-of-00002.arrow: no such file"):
        listing(tmp_path / "s")


def test_arrow_file_leads_nowhere(tmp_path):
    """Of Arrow files no path is followed: nobody would notice that what it names has changed."""
    features = datasets.Features(
        {"image": datasets.Value("string"), "label": datasets.Value("int64")}
    )
    rows = {"image": ["/etc/passwd"], "label": [0]}
    datasets.Dataset.from_dict(rows, features=features).save_to_disk(tmp_path / "a")
    columns = Columns("image", "label")
    with pytest.raises(UserError, match="column 'image' holds paths; expected the images' bytes"):
        listing(tmp_path / "a", columns=columns)
    struct = {"image": [{"bytes": None, "path": "/etc/passwd"}], "label": [0]}
    table = pa.table({k: pa.array(v) for k, v in struct.items()})
    put(tmp_path / "b/state.json", json.dumps({"_data_files": [{"filename": "d.arrow"}]}).encode())
    with (
        pa.OSFile(str(tmp_path / "b/d.arrow"), "wb") as file,
        pa.ipc.new_stream(file, table.schema) as writer,
    ):
        writer.write_table(table)
    (record,) = listing(tmp_path / "b", columns=columns).records()
    assert record.data is None
    assert record.path is None


def test_list_beside_the_folders_of_two_splits(tmp_path):
    rows = rows_with_paths(tmp_path)
    lines = [json.dumps(row | {"file_name": f"test/{row['file_name']}"}) for row in rows]
    put(tmp_path / "metadata.jsonl", "\n".join(lines).encode())
    with pytest.raises(UserError, match="'test/pictures/0.png', of split 'test', among the images"):
        listing(tmp_path)


@pytest.mark.parametrize("way", ["absolute", "up"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_no_image_outside_the_folder_is_read(tmp_path, form, way):
    put(tmp_path / "secret.png", picture(1))
    path = str(tmp_path / "secret.png") if way == "absolute" else "../secret.png"
    folder = tmp_path / "set"
    if form == "csv":
        put(folder / "train.csv", f"image,label\n{path},0\n".encode())
    else:
        put_table(folder / "a.parquet", [{"image": {"bytes": None, "path": path}, "label": 0}])
    images = listing(folder, columns=Columns("image", "label"))
    with pytest.raises(UserError, match="^k: .*, split 'train': it names the image .*outside the"):
        list(images.records())


def test_path_up_and_down_again_is_within_the_folder(tmp_path):
    put(tmp_path / "images/0.png", picture(1))
    put(tmp_path / "lists/train.csv", b"image,label\n../images/0.png,0\n")
    (record,) = listing(tmp_path, columns=Columns("image", "label")).records()
    assert record.path.read_bytes() == picture(1)
