import io
import json
import logging
import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from sau.core.errors import UserError
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.stage import dataset
from sau.storage import manifest
from tests.sources.make_images import (
    encode,
    picture,
    pixels_of,
    put,
    put_cifake_parquet,
    put_cifake_tree,
    put_classes,
    put_table,
)


@pytest.fixture
def run(tmp_path):
    """Run the stage; return both tables as rows, and what the training manifest says of itself."""

    def run_stage(out="out", **settings):
        train, test = (tmp_path / out / f"{name}.parquet" for name in ("train", "test"))
        dataset(train, test, settings=DatasetSettings(**settings))
        rows = [manifest.read(path, "images").to_pylist() for path in (train, test)]
        return *rows, manifest.read_metadata(train)["provenance"]

    return run_stage


def folder_settings(folder, **settings):
    return {"source": "image-folder", "folder": str(folder), "test_per_class": 1, **settings}


def test_digits_split_is_fixed(run):
    train, test, facts = run()
    assert (len(train), len(test)) == (1297, 500)
    assert [sum(row["label"] == label for row in test) for label in range(10)] == [50] * 10
    assert facts["counts"] == [128, 132, 127, 133, 131, 132, 131, 129, 124, 130]
    assert facts["class_names"][3] == "three"
    ids = [row["id"] for row in train + test]
    assert sorted(ids) == [f"real/digits/{index:04d}" for index in range(1797)]
    assert [(row["label"], row["id"]) for row in train] == sorted(
        (row["label"], row["id"]) for row in train
    )
    assert [row["id"][-4:] for row in test[:5]] == ["0055", "0126", "0185", "0202", "0208"]


def test_digits_show_scikit_learns_values(run):
    from sklearn.datasets import load_digits

    train, _, _ = run()
    digits = load_digits()
    for row in train[::200]:
        index = int(row["id"][-4:])
        assert row["label"] == digits.target[index]
        grey = np.rint(digits.images[index] * 255 / 16)
        assert np.array_equal(pixels_of(row["image"]["bytes"]), np.stack([grey] * 3, axis=2))


def test_digits_resized_and_another_seed(run):
    train, test, _ = run(image_size=16, images_per_class=3)
    assert {(row["width"], row["height"]) for row in train + test} == {(16, 16)}
    assert len(train) == 30
    _, other, _ = run(seed=1)
    assert {row["id"] for row in other} != {row["id"] for row in test}


def test_manifests_have_the_same_bytes_at_the_same_settings(run, tmp_path):
    put_classes(tmp_path / "zoo", {"ant": 3, "bee": 4})
    for out in ("one", "two"):
        run(out, **folder_settings(tmp_path / "zoo"))
    for name in ("train", "test"):
        one, two = (tmp_path / out / f"{name}.parquet" for out in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_mean_and_std_are_of_all_training_pixels(run, tmp_path):
    put_classes(tmp_path / "zoo", {"ant": 3, "bee": 4})
    put(tmp_path / "zoo" / "ant" / "wide.png", picture(99, (31, 7)))
    put(tmp_path / "zoo" / "ant" / "x.png", b"broken")
    train, _, facts = run(**folder_settings(tmp_path / "zoo"))
    good = [row for row in train if row["status"] == "ok"]
    pixels = np.concatenate([pixels_of(row["image"]["bytes"]).reshape(-1, 3) for row in good])
    assert facts["mean"] == np.round((pixels / 255.0).mean(axis=0), 6).tolist()
    assert facts["std"] == np.round((pixels / 255.0).std(axis=0), 6).tolist()


def test_facts_and_counts(run, tmp_path, caplog):
    put_classes(tmp_path / "zoo" / "train", {"ant": 3, "bee": 4})
    put_classes(tmp_path / "zoo" / "val", {"ant": 1, "bee": 1}, seed=1)
    put(tmp_path / "zoo" / "train" / "bee" / "9.png", b"broken")
    with caplog.at_level(logging.INFO):
        train, test, facts = run(name="zoo", **folder_settings(tmp_path / "zoo"))
    assert facts["dataset"] == "zoo"
    assert facts["counts"] == [3, 4]
    assert facts["failed"] == 1
    assert train[-1]["id"] == "real/train/bee/9.png"
    assert train[-1]["status"] == "failed"
    assert [row["id"] for row in test] == ["real/val/ant/0.png", "real/val/bee/0.png"]
    assert "7 training images, 1 failed: ant 3, bee 4" in caplog.text
    assert manifest.read_metadata(tmp_path / "out" / "test.parquet")["provenance"]["failed"] == 0


def test_hugging_face_reads_the_images(run, tmp_path):
    put_classes(tmp_path / "zoo", {"ant": 2, "bee": 2})
    run(**folder_settings(tmp_path / "zoo"))
    path = tmp_path / "out" / "train.parquet"
    features = json.loads(pq.read_schema(path).metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    datasets = pytest.importorskip("datasets")
    loaded = datasets.Dataset.from_parquet(str(path), cache_dir=str(tmp_path / "cache"))
    assert isinstance(loaded[0]["image"], Image.Image)
    assert loaded[0]["image"].size == (8, 8)


def test_image_folder_without_a_test_folder(run, tmp_path):
    put_classes(tmp_path / "zoo", {"ant": 3, "bee": 12})
    train, test, _ = run(**folder_settings(tmp_path / "zoo", test_per_class=2))
    assert [row["label"] for row in test] == [0, 0, 1, 1]
    assert len(train) == 11
    assert not {row["id"] for row in train} & {row["id"] for row in test}
    put(tmp_path / "zoo" / "ant" / "3.png", picture(5))
    _, after, _ = run(**folder_settings(tmp_path / "zoo", test_per_class=2))
    assert after[2:] == test[2:], "one class's images do not move another's"


@pytest.mark.parametrize(
    ("parts", "ids"),
    [
        (("Training", "Testing"), "real/Testing/ant/0.png"),
        (("seg_train/seg_train", "seg_test/seg_test"), "real/seg_test/seg_test/ant/0.png"),
    ],
)
def test_parts_may_be_called_otherwise(run, tmp_path, parts, ids):
    put_classes(tmp_path / "zoo" / parts[0], {"ant": 3, "bee": 4})
    put_classes(tmp_path / "zoo" / parts[1], {"ant": 1, "bee": 1}, seed=1)
    settings = {"source": "image-folder", "folder": str(tmp_path / "zoo")}
    with pytest.raises(UserError, match="look like parts of a data set"):
        run(**settings)
    train, test, _ = run(train_part=parts[0], test_part=parts[1], **settings)
    assert (len(train), test[0]["id"]) == (7, ids)
    with pytest.raises(UserError, match=r"test_split: folds, but .* has test images of its own"):
        run(train_part=parts[0], test_part=parts[1], test_split="folds", **settings)
    with pytest.raises(UserError, match=r"dataset.test_part: .*Tests: no such folder"):
        run(train_part=parts[0], test_part="Tests", **settings)
    train, test, _ = run(train_part=parts[0], test_per_class=1, **settings)
    assert (len(train), len(test)) == (5, 2)


def test_share_is_drawn_of_each_class(run, tmp_path):
    put_classes(tmp_path / "zoo", {"ant": 10, "bee": 3})
    put(tmp_path / "zoo" / "ant" / "copy.png", picture((0, 0, 0)))
    settings = {"source": "image-folder", "folder": str(tmp_path / "zoo")}
    train, test, _ = run(test_split="share", **settings)
    assert [sum(row["label"] == label for row in test) for label in (0, 1)] == [3, 0]
    copies = {"real/ant/copy.png", "real/ant/0.png"}
    assert any(copies <= {row["id"] for row in part} for part in (train, test))


def test_class_names_order_or_title_the_folders(run, tmp_path):
    put_classes(tmp_path / "zoo", {"ant": 2, "bee": 2})
    train, _, facts = run(**folder_settings(tmp_path / "zoo", class_names=["bee", "ant"]))
    assert facts["class_names"] == ["bee", "ant"]
    assert train[0]["id"].startswith("real/bee/")
    train, _, facts = run(**folder_settings(tmp_path / "zoo", class_names=["Ameise", "Biene"]))
    assert facts["class_names"] == ["Ameise", "Biene"]
    assert train[0]["id"].startswith("real/ant/")


def test_cifake_tree_and_parquet_are_the_same(run, tmp_path):
    for split in ("train", "test"):
        put_cifake_tree(tmp_path / "tree", split, "REAL")
        put_cifake_parquet(tmp_path / "parquet", split, "REAL")
    both = [run(source="cifake", folder=str(tmp_path / form)) for form in ("tree", "parquet")]
    assert both[0][:2] == both[1][:2]
    assert both[0][2]["class_names"][1] == "automobile"
    assert both[0][0][0]["id"] == "real/train/0/0000"


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


def test_test_class_that_is_not_trained_on(run, tmp_path):
    put_classes(tmp_path / "zoo" / "train", {"ant": 1, "bee": 1})
    put_classes(tmp_path / "zoo" / "test", {"ant": 1, "1": 1})
    with pytest.raises(UserError, match="no training class is called '1'"):
        run(**folder_settings(tmp_path / "zoo"))


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


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"test_per_class": 174}, "class 'eight' has only 174 images, expected at least 175"),
        ({"images_per_class": 125}, "125 is more images than exist: class 'eight' has 124"),
        ({"class_names": ["one", " "]}, "class_names: .* has an empty name"),
        ({"class_names": ["one"]}, "1 names, but source digits has 10 classes"),
        ({"source": "cifake", "folder": "no/where"}, "no/where: no such folder"),
        ({"source": "cifar10", "folder": "no/where"}, "no/where: no such folder"),
        ({"source": "image-folder", "folder": "no/where"}, "no/where: no such folder"),
        ({"source": "parquet", "train_file": "no.parquet"}, "no.parquet: no such file"),
    ],
)
def test_mistake_of_the_user_is_one_line(run, settings, message):
    with pytest.raises(UserError, match=message) as caught:
        run(**settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["Train", "Test"], "Train: expected it to be called train; rename it"),
        (["train", "Test"], "Test: expected it to be called test or val"),
        (["train", "validation"], "validation: expected it to be called test or val"),
        (["train", "Testing"], "Testing: expected it to be called test or val"),
    ],
)
def test_misspelt_parts_are_refused(run, tmp_path, parts, message):
    """They would be classes of their own, or images left out without a warning."""
    for part in parts:
        put_classes(tmp_path / "zoo" / part, {"ant": 3, "bee": 3})
    with pytest.raises(UserError, match=message):
        run(**folder_settings(tmp_path / "zoo", test_per_class=1))


def test_class_may_be_called_train(run, tmp_path):
    put_classes(tmp_path / "zoo", {"Bus": 3, "Train": 3})
    _, _, facts = run(**folder_settings(tmp_path / "zoo", test_per_class=1))
    assert facts["class_names"] == ["Bus", "Train"]


def test_class_named_twice_is_said(run, tmp_path):
    put_classes(tmp_path / "zoo", {"ant": 2, "bee": 2})
    with pytest.raises(UserError, match="'ant' is named twice, but .*zoo has one such class"):
        run(**folder_settings(tmp_path / "zoo", class_names=["ant", "ant"]))


def test_empty_class_folder_is_said(run, tmp_path):
    put_classes(tmp_path / "zoo", {"ant": 2})
    (tmp_path / "zoo" / "bee").mkdir()
    with pytest.raises(UserError, match="class 'bee' has no image at all"):
        run(**folder_settings(tmp_path / "zoo", test_per_class=1))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_no_utf_8_are_rows_like_others(run, tmp_path):
    put_classes(tmp_path / "zoo", {"ant": 3})
    put(tmp_path / "zoo" / os.fsdecode(b"b\xe9e") / os.fsdecode(b"Gr\xf6n.png"), picture(1))
    put(tmp_path / "zoo" / os.fsdecode(b"b\xe9e") / "2.png", picture(2))
    train, test, facts = run(**folder_settings(tmp_path / "zoo", test_per_class=1))
    assert facts["class_names"] == ["ant", r"b\xe9e"]
    ids = {row["id"] for row in [*train, *test] if row["label"] == 1}
    assert ids == {r"real/b\xe9e/2.png", r"real/b\xe9e/Gr\xf6n.png"}


def test_classes_without_a_training_image(run, tmp_path):
    put_classes(tmp_path / "zoo" / "train", {"ant": 2, "bee": 0})
    (tmp_path / "zoo" / "train" / "bee").mkdir()
    put_classes(tmp_path / "zoo" / "test", {"ant": 1}, seed=1)
    with pytest.raises(UserError, match="class 'bee' has no training image"):
        run(**folder_settings(tmp_path / "zoo"))
    put(tmp_path / "zoo" / "train" / "bee" / "1.png", b"broken")
    with pytest.raises(UserError, match="no training image of class 'bee' can be read"):
        run(**folder_settings(tmp_path / "zoo"))
    put(tmp_path / "zoo" / "train" / "bee" / "2.png", picture(0))
    assert run(**folder_settings(tmp_path / "zoo"))[2]["counts"] == [2, 1]
    put(tmp_path / "zoo" / "test" / "ant" / "0.png", b"")
    with pytest.raises(UserError, match="none of the 1 test images can be read.*empty file"):
        run(**folder_settings(tmp_path / "zoo"))
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def test_colours_and_orientation_reach_the_table(run, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    put_classes(tmp_path / "zoo", {"ant": 2, "bee": 2})
    turned = encode(Image.new("RGB", (9, 5), "red"), "JPEG", exif=exif)
    put(tmp_path / "zoo" / "ant" / "a.jpg", turned)
    train, test, _ = run(**folder_settings(tmp_path / "zoo"))
    row = next(row for row in train + test if row["id"].endswith("a.jpg"))
    assert (row["width"], row["height"]) == (5, 9)
    with Image.open(io.BytesIO(row["image"]["bytes"])) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (5, 9))


def test_manifest_keeps_the_schema(run, tmp_path):
    run(images_per_class=1)
    table = pq.read_table(tmp_path / "out" / "train.parquet")
    assert table.schema.field("image").type == pa.struct(
        [("bytes", pa.binary()), ("path", pa.string())]
    )
    assert table["prompt"].null_count == table["seed"].null_count == 10


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


@pytest.mark.parametrize("source", ["digits", "cifake"])
def test_class_names_in_another_order_reorder_the_images(run, tmp_path, source):
    settings = {"source": source}
    if source == "cifake":
        put_cifake_parquet(tmp_path, "train", "REAL")
        put_cifake_parquet(tmp_path, "test", "REAL")
        settings["folder"] = str(tmp_path)
    *before, facts = run("before", **settings)
    names = facts["class_names"]
    *after, turned = run("after", class_names=names[::-1], **settings)
    assert turned["class_names"] == names[::-1]
    for old, new in zip(before, after, strict=True):
        assert {row["id"]: 9 - row["label"] for row in old} == {
            row["id"]: row["label"] for row in new
        }
