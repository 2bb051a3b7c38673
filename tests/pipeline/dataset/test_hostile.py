"""Inputs that would hang the stage, fill the memory, or bring in what is not theirs."""

import os

import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.stage import dataset
from sau.sources.decode import MAX_BYTES
from sau.storage import manifest
from tests.sources.make_images import picture, put, put_classes, put_table

NO_IMAGES = {
    "pipe": "file cannot be read: a pipe, not a regular file",
    "zero": "file cannot be read: a device, not a regular file",
    "folder": "file cannot be read: a folder, not a regular file",
    "gone": "file cannot be read: No such file or directory",
    "loop": "file cannot be read: Too many levels of symbolic links",
    "large": "file cannot be read: larger than 268,435,456 bytes",
}


@pytest.fixture
def run(tmp_path):
    """Run the stage; return all rows, training ones first, by their ids."""

    def run_stage(**settings):
        paths = [tmp_path / "out" / f"{name}.parquet" for name in ("train", "test")]
        dataset(*paths, settings=DatasetSettings(**settings))
        rows = [row for path in paths for row in manifest.read(path, "images").to_pylist()]
        return {row["id"]: row for row in rows}

    return run_stage


@pytest.fixture
def odd(tmp_path):
    """A folder of two images and of what is none, called like images."""
    folder = tmp_path / "odd"
    for number in range(2):
        put(folder / f"{number}.png", picture(number))
    os.mkfifo(folder / "pipe.png")
    for name, target in {"zero": "/dev/zero", "gone": "no", "loop": "loop.png"}.items():
        (folder / f"{name}.png").symlink_to(target)
    (folder / "folder.png").mkdir()
    put(folder / "large.png", b"\x89PNG")
    os.truncate(folder / "large.png", MAX_BYTES + 1)  # without a byte on the disk
    return folder


def test_table_of_paths_opens_regular_files_alone(run, tmp_path, odd):
    names = ["0.png", "1.png", *(f"{name}.png" for name in NO_IMAGES)]
    rows = [{"image": str(odd / name), "label": "a", "id": name} for name in names]
    rows.append({"image": str(odd / "1.png"), "label": "b", "id": "b"})
    put_table(tmp_path / "t.parquet", rows)
    tests = [{"image": picture(9), "label": "a", "id": "t"}]
    put_table(tmp_path / "u.parquet", tests)
    found = run(
        source="parquet",
        train_file=str(tmp_path / "t.parquet"),
        test_file=str(tmp_path / "u.parquet"),
    )
    reasons = {name: found[f"real/{name}.png"]["reason"] for name in NO_IMAGES}
    assert reasons == NO_IMAGES
    assert found["real/0.png"]["status"] == "ok"


def test_split_file_opens_regular_files_alone(run, tmp_path, odd):
    names = ["0.png", *(f"{name}.png" for name in NO_IMAGES)]
    put(tmp_path / "even" / "b.png", picture(8))
    listed = [*(f"odd/{name} 0\n" for name in names), "even/b.png 1\n"]
    put(tmp_path / "train.txt", "".join(listed).encode())
    put(tmp_path / "test.txt", b"odd/1.png 0\n")
    found = run(
        source="imagenet-lt",
        folder=str(tmp_path),
        train_file=str(tmp_path / "train.txt"),
        test_file=str(tmp_path / "test.txt"),
    )
    reasons = {name: found[f"real/odd/{name}.png"]["reason"] for name in NO_IMAGES}
    assert reasons == NO_IMAGES


@pytest.mark.parametrize("key", ["train_file", "test_file", "class_names_file"])
@pytest.mark.parametrize("name", ["pipe.png", "zero.png", "folder.png", "loop.png"])
def test_list_that_is_no_regular_file_is_one_line(run, tmp_path, odd, key, name):
    put(tmp_path / "good.txt", b"odd/0.png 0\n")
    files = {"train_file": str(tmp_path / "good.txt"), "test_file": str(tmp_path / "good.txt")}
    with pytest.raises(UserError, match=f"dataset.{key}: .*{name}: .*expected") as error:
        run(source="imagenet-lt", folder=str(tmp_path), **files | {key: str(odd / name)})
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_links_bring_in_no_images_of_other_classes(run, tmp_path):
    put_classes(tmp_path / "zoo", {"cat": 3, "dog": 2})
    for name, target in {"up": "..", "sibling": "../dog", "top": "../.."}.items():
        (tmp_path / "zoo" / "cat" / name).symlink_to(target)
    found = run(source="image-folder", folder=str(tmp_path / "zoo"), test_per_class=1)
    labels = sorted((row["label"], name) for name, row in found.items())
    assert labels == [
        *((0, f"real/cat/{number}.png") for number in range(3)),
        *((1, f"real/dog/{number}.png") for number in range(2)),
    ]


@pytest.mark.parametrize("target", [".", "..", "cat"])
def test_class_folder_that_is_another_is_refused(run, tmp_path, target):
    put_classes(tmp_path / "zoo", {"cat": 3, "dog": 3})
    (tmp_path / "zoo" / "emu").symlink_to(target)
    with pytest.raises(UserError, match="class folder 'emu' is a link to"):
        run(source="image-folder", folder=str(tmp_path / "zoo"), test_per_class=1)


def test_class_folders_of_one_name_in_two_spellings_are_refused(run, tmp_path):
    put_classes(tmp_path / "zoo", {"\u00e9": 3, "e\u0301": 3})
    if len(list((tmp_path / "zoo").iterdir())) < 2:
        pytest.skip("this file system holds them for the same")
    with pytest.raises(UserError, match="two class folders are called '\u00e9'"):
        run(source="image-folder", folder=str(tmp_path / "zoo"), test_per_class=1)


def tables(folder, train_ids, test_ids):
    for name, ids in (("t", train_ids), ("u", test_ids)):
        rows = [
            {"image": picture((ord(name), place)), "label": place % 2, "id": value}
            for place, value in enumerate(ids)
        ]
        put_table(folder / f"{name}.parquet", rows)
    files = {"train_file": str(folder / "t.parquet"), "test_file": str(folder / "u.parquet")}
    return {"source": "parquet", **files}


@pytest.mark.parametrize("of", [int, str])
def test_ids_that_count_in_both_tables_are_told_apart(run, tmp_path, of):
    found = run(**tables(tmp_path, map(of, range(4)), map(of, range(3))))
    assert set(found) == {f"real/t/{i}" for i in range(4)} | {f"real/u/{i}" for i in range(3)}


def test_ids_that_are_names_stand_in_one_table_alone(run, tmp_path):
    settings = tables(tmp_path, ["a", "b"], ["b", "c"])
    with pytest.raises(UserError, match=r"id 'real/b' is in .*or set dataset.id_column to ''"):
        run(**settings)
    assert "real/u/00000001" in run(**settings, id_column="")
    assert set(run(**tables(tmp_path, [1, 2], [3, 4]))) == {f"real/{i}" for i in (1, 2, 3, 4)}


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (
            [1, 2, 3],
            "labels from 1 to 3, none is 0; .*: subtract 1 from each, or write class names",
        ),
        ([5, 6], "labels from 5 to 6, none is 0"),
        (
            [0, 1, 5],
            r"labels up to 5, but no row has label 2 \(3 such labels\); number the classes",
        ),
        ([0, 2**40], "but no row has label 1"),
        ([-1, 0], "label -1 in row 0"),
        ([0, 2.0**63], "label 9.223372036854776e.18 in row 1"),
        ([0, 1e300], "label 1e.300 in row 1"),
    ],
)
def test_labels_that_do_not_count_from_0_are_told(run, tmp_path, labels, problem):
    kind = pa.float64() if any(isinstance(label, float) for label in labels) else pa.int64()
    schema = pa.schema([("image", pa.binary()), ("label", kind)])
    rows = [{"image": picture(place), "label": label} for place, label in enumerate(labels)]
    put_table(tmp_path / "t.parquet", rows, schema)
    with pytest.raises(UserError, match=f"^dataset.train_file: .*{problem}"):
        run(source="parquet", train_file=str(tmp_path / "t.parquet"), test_per_class=1)


def test_given_names_say_that_labels_count_from_1(run, tmp_path):
    rows = [{"image": picture(place), "label": place % 2 + 1} for place in range(6)]
    put_table(tmp_path / "t.parquet", rows)
    with pytest.raises(UserError, match="labels seem to count from 1: subtract 1"):
        run(
            source="parquet",
            train_file=str(tmp_path / "t.parquet"),
            class_names=["a", "b"],
            test_per_class=1,
        )
