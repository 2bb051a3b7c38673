"""The stage on every source: manifests, colours, mistakes."""

import io
import json
import logging

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from sau.core.errors import UserError
from sau.storage import manifest
from tests.sources.make_images import (
    encode,
    folder_settings,
    picture,
    pixels_of,
    put,
    put_cifake_parquet,
    put_cifake_tree,
    put_classes,
)


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


def test_cifake_tree_and_parquet_are_the_same(run, tmp_path):
    for split in ("train", "test"):
        put_cifake_tree(tmp_path / "tree", split, "REAL")
        put_cifake_parquet(tmp_path / "parquet", split, "REAL")
    both = [run(source="cifake", folder=str(tmp_path / form)) for form in ("tree", "parquet")]
    assert both[0][:2] == both[1][:2]
    assert both[0][2]["class_names"][1] == "automobile"
    assert both[0][0][0]["id"] == "real/train/0/0000"


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
