import logging
from pathlib import PurePosixPath

import pytest

from sau.sources.derived import derived_copies, suspicious_folders
from sau.sources.image_folder import class_folders, images_below, list_class_folders
from tests.sources.make_images import picture, put


def paths(*names):
    return [PurePosixPath(name) for name in names]


@pytest.mark.parametrize(
    "copy",
    [
        *("a_thumb.jpg", "a.thumb.png", "tn_a.jpg", "TN-a.JPG", "thumb_a.jpg", "a-thumbnail.jpg"),
        *("a-150x150.jpg", "a@2x.png", "a_small.jpg", "a-edited.jpg", "a(edited).jpg", "a~.jpg"),
        *("thumbs/a.png", "Thumbnails/a.jpg", "previews/a.jpg", "_cache/a.jpg", "Originals/a.jpg"),
        *("a-bearbeitet.jpg", "a.orig.jpg", "150x150/a.jpg", "Papierkorb/a.jpg", "#a.jpg"),
        *("a - Copy.jpg", "a - Copy (2).png", "a copy.jpg", "a copy 3.jpg", "a (copy).jpg"),
        *("a (another copy).jpg", "a (3rd copy).jpg", "Copy of a.jpg", "Copy (2) of a.jpg"),
        *(
            "a - Kopie.jpg",
            "Kopie von a.jpg",
            "a - Copie (2).jpg",
            "Copia de a.jpg",
            "a_-_Copy.jpg",
        ),
        *(
            "a - \u526f\u672c.jpg",
            "a - \u30b3\u30d4\u30fc (2).jpg",
            "a - \u043a\u043e\u043f\u0438\u044f.jpg",
        ),
    ],
)
def test_copy_beside_its_original_is_found(copy):
    assert derived_copies(paths("a.jpg", copy, "b.jpg")) == set(paths(copy))
    assert not derived_copies(paths("c.jpg", copy, "b.jpg"))


def test_copies_that_stand_beside_a_folder_of_originals_are_found():
    names = paths("full/x/a.jpg", "full/x/b.jpg", "thumbs/x/a.jpg", "thumbs/x/c.jpg")
    assert derived_copies(names) == set(paths("thumbs/x/a.jpg"))


@pytest.mark.parametrize(
    "names",
    [
        *(("a.jpg", "a (2).jpg", "a1.jpg"), ("mo.jpg", "moth.jpg", "smi.jpg", "smith.jpg")),
        *(("day/1.jpg", "night/1.jpg"), ("thumbs/1.jpg", "thumbs/2.jpg"), ("grid-0001.png",)),
        ("1.jpg", "night/1.jpg", "night/2.jpg"),
    ],
)
def test_pictures_of_their_own_are_no_copies(names):
    assert not derived_copies(paths(*names))
    assert not suspicious_folders(paths(*names))


def test_grid_of_a_batch_is_left_out_beside_its_pictures():
    assert derived_copies(paths("0.png", "grid-0001.png")) == set(paths("grid-0001.png"))


def test_folder_of_any_name_that_repeats_the_one_above_is_said(tmp_path, caplog):
    for name in ("1.png", "2.png", "xyz/1.png", "xyz/2.png"):
        put(tmp_path / "ant" / name, picture(len(name)))
    with caplog.at_level(logging.WARNING):
        assert len(images_below(tmp_path / "ant")) == 4
    assert "all images in xyz are called like those in the folder above it" in caplog.text


def test_thumbnails_of_all_classes_are_no_class(tmp_path, caplog):
    for name in ("ant/0.png", "bee/0.png", "thumbs/ant/0.png", "thumbs/bee/0.png"):
        put(tmp_path / name, picture(len(name)))
    found = class_folders(tmp_path, "key")
    assert [path.name for path in found] == ["ant", "bee"]
    list_class_folders(found, [0, 1], "real", "key")
    assert "left out 1 folders that other programs leave" in caplog.text


def test_class_that_is_called_as_thumbnails_are_is_said(tmp_path, caplog):
    for name in ("fist/0.png", "thumbs/1.png"):
        put(tmp_path / name, picture(len(name)))
    found = class_folders(tmp_path, "key")
    assert len(list_class_folders(found, [0, 1], "real", "key").ids) == 2
    assert "class folder 'thumbs' is called as programs call one of smaller copies" in caplog.text
