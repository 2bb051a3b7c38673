"""Made-up trees of ImageNet-LT's and iNaturalist 2018's shape, through dataset and subset."""

import io
import json
import logging

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from sau.core.errors import UserError
from sau.pipeline.complement.settings import ComplementSettings
from sau.pipeline.complement.stage import complement
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.stage import dataset
from sau.pipeline.subset.settings import SubsetSettings
from sau.pipeline.subset.stage import subset
from sau.storage import manifest
from tests.sources.make_images import encode, picture, pixels_of, put

TRAIN_COUNTS = {"n01440764": 5, "n01443537": 3, "n02012849": 2}
SIZES = [(40, 30), (30, 50), (17, 17)]


def lines(pairs):
    return "".join(f"{path} {label}\n" for path, label in pairs)


def put_imagenet(folder):
    """Write JPEGs of three classes, not in label order; one is grey, one CMYK, one missing."""
    train = [
        (f"train/{name}/{name}_{number}.JPEG", label)
        for label, (name, count) in enumerate(TRAIN_COUNTS.items())
        for number in range(count)
    ][::-1]
    test = [(f"val/ILSVRC2012_val_{n:08d}.JPEG", n % 3) for n in range(6)]
    for seed, (path, _) in enumerate(train + test):
        put(folder / path, picture(seed, SIZES[seed % 3], "JPEG"))
    put(folder / "train/n01440764/n01440764_1.JPEG", encode(Image.new("L", (20, 30), 77), "JPEG"))
    put(folder / "train/n01443537/n01443537_0.JPEG", encode(Image.new("CMYK", (20, 30)), "JPEG"))
    (folder / "train/n01440764/n01440764_2.JPEG").unlink()
    put(folder / "train.txt", lines(train).encode())
    put(folder / "test.txt", lines(test).encode())


@pytest.fixture
def imagenet(tmp_path):
    put_imagenet(tmp_path / "root")
    return tmp_path


@pytest.fixture
def run(imagenet):
    """Run the dataset stage on the made-up ImageNet-LT, with changed settings."""

    def run_stage(**changes):
        root = imagenet / "root"
        settings = {
            "source": "imagenet-lt",
            "folder": str(root),
            "train_file": str(root / "train.txt"),
            "test_file": str(root / "test.txt"),
        }
        train, test = (imagenet / f"{name}.parquet" for name in ("train", "test"))
        dataset(train, test, settings=DatasetSettings(**(settings | changes)))
        rows = [manifest.read(path, "images").to_pylist() for path in (train, test)]
        return *rows, manifest.read_metadata(train)["provenance"]

    return run_stage


def replace_line(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_rows_ids_and_labels(run):
    train, test, facts = run()
    assert [row["label"] for row in train] == [0] * 5 + [1] * 3 + [2] * 2
    assert train[0]["id"] == "real/train/n01440764/n01440764_4.JPEG", "in the order of the lines"
    assert [row["id"] for row in test if row["label"] == 2] == [
        "real/val/ILSVRC2012_val_00000002.JPEG",
        "real/val/ILSVRC2012_val_00000005.JPEG",
    ]
    assert facts["class_names"] == list(TRAIN_COUNTS)
    assert (facts["dataset"], facts["counts"], facts["failed"]) == ("imagenet-lt", [4, 3, 2], 1)


def test_missing_file_is_a_failed_row(run):
    train, _, _ = run()
    failed = [row for row in train if row["status"] == "failed"]
    assert [row["id"] for row in failed] == ["real/train/n01440764/n01440764_2.JPEG"]
    assert failed[0]["reason"] == "file cannot be read: No such file or directory"


def test_jpegs_keep_their_bytes_unless_grey_or_cmyk(run, imagenet):
    train, _, _ = run()
    changed = {"n01440764_1.JPEG", "n01443537_0.JPEG"}
    for row in (row for row in train if row["status"] == "ok"):
        path = imagenet / "root" / row["id"].removeprefix("real/")
        data = row["image"]["bytes"]
        assert pixels_of(data).shape == (row["height"], row["width"], 3)
        assert (data == path.read_bytes()) == (path.name not in changed)


def test_image_size_and_images_per_class(run, imagenet):
    train, test, facts = run(image_size=16, images_per_class=2)
    assert [row["label"] for row in train] == [0, 0, 1, 1, 2, 2]
    assert {(row["width"], row["height"]) for row in train + test} == {(16, 16)}
    with Image.open(imagenet / "root" / train[0]["id"].removeprefix("real/")) as image:
        short = min(image.size)
        left, top = (image.width - short) / 2, (image.height - short) / 2
        box = (left, top, left + short, top + short)
        expected = image.resize((16, 16), Image.Resampling.LANCZOS, box)
    assert np.array_equal(pixels_of(train[0]["image"]["bytes"]), np.asarray(expected))
    assert facts["counts"] == [2, 2, 2]
    with pytest.raises(UserError, match="3 is more images than exist: class 'n02012849' has 2"):
        run(images_per_class=3)


def test_names_of_a_file_or_of_the_settings(run, imagenet):
    put(imagenet / "names.txt", b"tench\ngoldfish\ncrane bird\n")
    names = ["tench", "goldfish", "crane bird"]
    assert run(class_names_file=str(imagenet / "names.txt"))[2]["class_names"] == names
    assert run(class_names=names)[2]["class_names"] == names
    with pytest.raises(UserError, match=r"class_names_file: 2 names, but dataset.train_file: .*3"):
        run(class_names=names[:2])


def test_file_of_names_serves_every_source(imagenet):
    put(imagenet / "names.txt", "".join(f"number {i}\n" for i in range(10)).encode())
    settings = DatasetSettings(class_names_file=str(imagenet / "names.txt"), images_per_class=1)
    paths = [imagenet / f"digits-{name}.parquet" for name in ("train", "test")]
    dataset(*paths, settings=settings)
    facts = manifest.read_metadata(paths[0])["provenance"]
    assert facts["class_names"] == [f"number {i}" for i in range(10)]
    assert facts["settings"]["class_names_file"] == str(imagenet / "names.txt")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "test",
            "val_00000001.JPEG 1",
            "val_00000001.JPEG 3",
            "test.txt, line 2: label 3, but",
        ),
        ("train", "_0.JPEG 2", "_0.JPEG 4", "train.txt, line 2: label 4, but class 3 has"),
        ("train", "_0.JPEG 2", "_0.JPEG 999999999999", "but class 3 has no training image"),
        ("train", "_0.JPEG 2", "_0.JPEG -2", "train.txt, line 2: negative label -2"),
        ("train", "_0.JPEG 2", "_0.JPEG", "train.txt, line 2: .* is not a path and a label"),
        ("train", "n02012849_0", "n02012849_1", "train.txt, line 2: .* stands in line 1 already"),
        (
            "test",
            "val/ILSVRC2012_val_00000004.JPEG",
            "train/n01443537/n01443537_2.JPEG",
            r"line 5: 'train/n01443537/n01443537_2.JPEG' is a training image too \(.*, line 3; 1",
        ),
        ("train", "train/n", "elsewhere/n", "none of the 10 images of dataset.train_file"),
        ("test", "val/", "elsewhere/", "none of the 6 images of dataset.test_file"),
    ],
)
def test_mistake_of_the_user_is_one_line(run, imagenet, file, old, new, message):
    replace_line(imagenet / "root" / f"{file}.txt", old, new)
    with pytest.raises(UserError, match=message) as caught:
        run()
    assert "\n" not in str(caught.value)


def test_class_whose_files_are_all_missing(run, imagenet):
    for path in (imagenet / "root" / "train" / "n02012849").iterdir():
        path.unlink()
    with pytest.raises(UserError, match="no training image of class 'n02012849' can be read"):
        run()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"folder": ""}, "dataset.folder: empty, but dataset.source imagenet-lt reads it"),
        ({"train_file": ""}, "dataset.train_file: empty, but dataset.source imagenet-lt"),
        ({"test_file": ""}, "dataset.test_file: empty, but dataset.source imagenet-lt"),
        ({"folder": "no/where"}, "dataset.folder: no/where: no such folder"),
        ({"train_file": "no.txt"}, "dataset.train_file: no.txt: no such file"),
        ({"class_names_file": "no.txt"}, "dataset.class_names_file: no.txt: no such file"),
        (
            {"class_names": ["a"], "class_names_file": "b"},
            "dataset.class_names_file: given beside dataset.class_names",
        ),
    ],
)
def test_settings_that_do_not_do(run, changes, message):
    with pytest.raises(UserError, match=message):
        run(**changes)


def test_subset_as_is_keeps_the_long_tail_and_fills_it(run, imagenet):
    train, _, facts = run(image_size=16)
    kept = [
        {"id": f"synthetic/{label}/{i}", "label": label, "kept": True, "reason": "test"}
        for label in range(3)
        for i in range(4)
    ]
    table = pa.Table.from_pylist(kept, schema=manifest.SCHEMAS["kept"])
    known = {"class_names": facts["class_names"], "dataset": facts["dataset"]}
    manifest.write(imagenet / "kept.parquet", "kept", table, known)
    images, real, held, synthetic = (
        imagenet / f"{name}.parquet" for name in ("train", "real", "validation", "synthetic")
    )
    tail = {"imbalance_factor": "as-is", "data_seed": 0, "settings": SubsetSettings()}
    subset(images, real, held, **tail)
    complement(real, imagenet / "kept.parquet", synthetic, settings=ComplementSettings())
    members = manifest.read([real, synthetic], "members").to_pylist()
    kept_real = [row["id"] for row in members if not row["is_synthetic"]]
    assert kept_real == [row["id"] for row in train if row["status"] == "ok"]
    made = manifest.read_metadata(synthetic)["provenance"]
    assert made["real_counts"] == [4, 3, 2]
    assert made["synthetic_counts"] == [0, 1, 2]
    assert made["imbalance_factor"] == 2.0
    assert [sum(row["label"] == label for row in members) for label in range(3)] == [4, 4, 4]


@pytest.fixture
def inaturalist(tmp_path):
    """Two categories; the labels are the category ids in the release, but not here."""
    train = [("train_val2018/Plantae/7477/a b.jpg", 1), ("train_val2018/Aves/2820/c.jpg", 0)]
    test = [("train_val2018/Aves/2820/d.jpg", 0), ("train_val2018/Plantae/7477/e.jpg", 1)]
    for seed, (path, _) in enumerate(train + test):
        put(tmp_path / path, picture(seed, file_format="JPEG"))
    put(tmp_path / "train.txt", lines(train).encode())
    put(tmp_path / "val.txt", lines(test).encode())

    def run_stage(**changes):
        settings = {
            "source": "inaturalist2018",
            "folder": str(tmp_path),
            "train_file": str(tmp_path / "train.txt"),
            "test_file": str(tmp_path / "val.txt"),
        }
        train, test = (tmp_path / f"{name}.parquet" for name in ("train", "test"))
        dataset(train, test, settings=DatasetSettings(**(settings | changes)))
        ids = manifest.read(train, "images")["id"].to_pylist()
        return ids, manifest.read_metadata(train)["provenance"]["class_names"]

    return run_stage


def test_inaturalist_without_names_warns(inaturalist, caplog):
    with caplog.at_level(logging.WARNING):
        ids, names = inaturalist()
    assert ids == ["real/train_val2018/Aves/2820/c.jpg", "real/train_val2018/Plantae/7477/a b.jpg"]
    assert names == ["Aves/2820", "Plantae/7477"]
    assert "prompts need real names" in caplog.text


def test_inaturalists_own_categories_and_a_text_file(inaturalist, tmp_path, caplog):
    entries = [{"id": i, "name": f"species {i}", "supercategory": "x"} for i in range(8142)]
    put(tmp_path / "categories.json", json.dumps(entries).encode())
    put(tmp_path / "names.txt", b"house sparrow\nwhite oak\n")
    with caplog.at_level(logging.WARNING):
        _, names = inaturalist(class_names_file=str(tmp_path / "categories.json"))
        assert names == ["species 2820", "species 7477"]
        _, names = inaturalist(class_names_file=str(tmp_path / "names.txt"))
        assert names == ["house sparrow", "white oak"]
    assert "prompts need" not in caplog.text


def test_made_up_tree_has_what_it_claims(imagenet):
    """A CMYK JPEG and a grey one, of other sizes than the rest."""
    modes = {
        Image.open(io.BytesIO(path.read_bytes())).mode
        for path in (imagenet / "root" / "train").rglob("*.JPEG")
    }
    assert modes == {"RGB", "L", "CMYK"}
