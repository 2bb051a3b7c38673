"""Folders of class folders."""

import os
import sys

import pytest

from sau.core.errors import UserError
from tests.sources.make_images import (
    folder_settings,
    picture,
    put,
    put_classes,
)


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


def test_test_class_that_is_not_trained_on(run, tmp_path):
    put_classes(tmp_path / "zoo" / "train", {"ant": 1, "bee": 1})
    put_classes(tmp_path / "zoo" / "test", {"ant": 1, "1": 1})
    with pytest.raises(UserError, match="no training class is called '1'"):
        run(**folder_settings(tmp_path / "zoo"))


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
