import errno
import logging
import os
import sys

import pytest

from sau.core.errors import UserError
from sau.sources.image_folder import class_folders, images_below, list_class_folders
from tests.sources.make_images import picture, put, put_classes


def test_lists_by_label_then_in_natural_order(tmp_path):
    put_classes(tmp_path, {"cat": 11, "ant": 2})
    put(tmp_path / "ant" / "deep" / "1.JPG", picture(9, file_format="JPEG"))
    listing = list_class_folders([tmp_path / "cat", tmp_path / "ant"], [1, 0], "real", "k")
    assert listing.ids[:3] == ["real/ant/0.png", "real/ant/1.png", "real/ant/deep/1.JPG"]
    assert listing.ids[-2:] == ["real/cat/9.png", "real/cat/10.png"]
    assert listing.labels.tolist() == [0] * 3 + [1] * 11
    assert next(listing.records()).path == tmp_path / "ant" / "0.png"


@pytest.mark.parametrize("name", ["a.jfif", "a.JFIF", "a.jpeg", "a.jp2"])
def test_names_of_images_are_those_that_programs_give_them(tmp_path, name):
    kind = "JPEG2000" if name.endswith("jp2") else "JPEG"
    put(tmp_path / "ant" / name, picture(9, file_format=kind))
    assert list_class_folders([tmp_path / "ant"], [0], "real", "k").ids == [f"real/ant/{name}"]


def test_classes_in_natural_order_without_hidden_ones(tmp_path):
    for name in ("10", "9", ".cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "README.md").write_text("no class")
    assert [path.name for path in class_folders(tmp_path, "k")] == ["9", "10"]


def test_files_that_are_no_images_are_left_out_with_a_warning(tmp_path, caplog):
    put_classes(tmp_path, {"ant": 1})
    put(tmp_path / "ant" / ".hidden.png", b"")
    put(tmp_path / "ant" / "notes.txt", b"")
    with caplog.at_level(logging.WARNING):
        assert list_class_folders([tmp_path / "ant"], [0], "real", "k").ids == ["real/ant/0.png"]
    assert (
        "left out 1 that are no files, or not named like images, such as notes.txt" in caplog.text
    )


def test_linked_folders_count_and_pipes_do_not(tmp_path, caplog):
    put(tmp_path / "disk" / "1.png", picture(0))
    put(tmp_path / "real" / "ant" / "2.png", picture(1))
    (tmp_path / "real" / "ant" / "more").symlink_to(tmp_path / "disk")
    (tmp_path / "real" / "ant" / "back").symlink_to(tmp_path / "real" / "ant")
    (tmp_path / "real" / "ant" / "gone.png").symlink_to(tmp_path / "nothing.png")
    os.mkfifo(tmp_path / "real" / "ant" / "pipe.png")
    names = [name for name, _ in images_below(tmp_path / "real" / "ant")]
    assert names == ["2.png", "gone.png", "more/1.png"]
    assert "such as pipe.png" in caplog.text


def test_images_beside_the_class_folders_are_warned_of(tmp_path, caplog):
    put_classes(tmp_path, {"ant": 1})
    put(tmp_path / "loose.PNG", picture(0))
    assert list_class_folders([tmp_path / "ant"], [0], "real", "k").ids == ["real/ant/0.png"]
    assert caplog.text.count("left out") == 1
    assert "left out 1 images beside the class folders, such as loose.PNG" in caplog.text


def test_folder_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    put(tmp_path / "ant" / "1.png", picture(0))
    put(tmp_path / "ant" / "closed" / "2.png", picture(1))
    scandir = os.scandir

    def closed(path):
        if path.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(UserError, match="closed: the folder cannot be read .Permission denied"):
        images_below(tmp_path / "ant")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_no_utf_8_spell_out_their_bytes(tmp_path):
    put(tmp_path / "ant" / "1.png", picture(0))
    put(tmp_path / "ant" / os.fsdecode(b"Gr\xf6n.png"), picture(1))
    listing = list_class_folders([tmp_path / "ant"], [0], "real", "k")
    assert listing.ids == ["real/ant/1.png", r"real/ant/Gr\xf6n.png"]
    assert [record.path.read_bytes() for record in listing.records()][1] == picture(1)


def test_folder_without_images_is_refused(tmp_path):
    with pytest.raises(UserError, match="no class folders found"):
        class_folders(tmp_path, "k")
    (tmp_path / "ant").mkdir()
    with pytest.raises(UserError, match="no images found"):
        list_class_folders([tmp_path / "ant"], [0], "real", "k")


def test_names_that_differ_in_unicode_spelling_only(tmp_path):
    put(tmp_path / "ant" / "\u00e9.png", picture(0))
    put(tmp_path / "ant" / "e\u0301.png", picture(1))
    if len(list((tmp_path / "ant").iterdir())) < 2:
        pytest.skip("this file system holds them for the same")
    with pytest.raises(UserError, match="comes twice"):
        list_class_folders([tmp_path / "ant"], [0], "real", "k")
