import logging
from pathlib import PurePosixPath

import pytest

from sau.sources.droppings import is_dropping
from sau.sources.image_folder import class_folders, images_below, list_class_folders
from tests.sources.make_images import picture, put


@pytest.mark.parametrize(
    "name",
    [
        "@eaDir/a.jpg/SYNOFILE_THUMB_M.jpg",
        "x/@eaDir/a.jpg",
        "__MACOSX/a.jpg",
        "$RECYCLE.BIN/a.jpg",
        "#recycle/a.jpg",
        "@__thumb/a.jpg",
        "Family.lrdata/a.jpg",
        "Photos Library.photoslibrary/a.jpg",
        "lost+found/a.jpg",
        "a.sync-conflict-20240131-101112-ABCDEFG.jpg",
        "a (Anna's conflicted copy 2024-01-31).jpg",
        "~$a.jpg",
        "a.tmp.jpg",
        "iPod Photo Cache/a.jpg",
        "Network Trash Folder/a.jpg",
        "FOUND.000/a.jpg",
        "RECYCLED/a.jpg",
        "_vti_pvt/a.jpg",
        "_thumbs/a.jpg",
        "@SynoResource/a.jpg",
        "@Transcode/a.jpg",
        "Wedding.cosessiondb/a.jpg",
        "Lightroom.lrcat-data/a.jpg",
        "a (In Konflikt stehende Kopie von Anna 2024-01-31).jpg",
        "a (copie en conflit de Anna 2024-01-31).jpg",
        "a (copia in conflitto di Anna 2024-01-31).jpg",
        "a (SFConflict anna@example.com 2024-01-31-10-11-12).jpg",
        "a [conflicted].jpg",
        "a_conflict-20240131-101112.jpg",
        "a_BOX_Jan-31-101112-2024_Conflict.jpg",
        "AlbumArtSmall.jpg",
        "#a.jpg#.png",
        "a.autosave.png",
    ],
)
def test_droppings_of_other_programs(name):
    assert is_dropping(PurePosixPath(name))


@pytest.mark.parametrize(
    "name",
    [
        *("a.jpg", "thumbs/a.jpg", "Originals/a.jpg", "cat (2).jpg", "template.jpg", "a~b.jpg"),
        *("recycled/a.jpg", "@home/a.jpg", "riot (conflict zone 3).jpg", "trash/a.jpg"),
    ],
)
def test_photographs_are_no_droppings(name):
    assert not is_dropping(PurePosixPath(name))


def test_thumbnails_are_left_out_with_a_warning(tmp_path, caplog):
    for number in range(5):
        put(tmp_path / "ant" / f"{number}.png", picture(number))
        for size in "SML":
            thumbnail = tmp_path / "ant" / "@eaDir" / f"{number}.png" / f"SYNOFILE_THUMB_{size}.png"
            put(thumbnail, picture(number, (4, 4)))
    with caplog.at_level(logging.WARNING):
        found = images_below(tmp_path / "ant")
    assert [name for name, _ in found] == [f"{number}.png" for number in range(5)]
    assert "left out 15 files that other programs leave" in caplog.text


def test_folders_of_other_systems_are_no_classes(tmp_path, caplog):
    for name in ("ant", "bee", "__MACOSX", "@eaDir", ".git"):
        put(tmp_path / name / "0.png", picture(0))
    found = class_folders(tmp_path, "key")
    assert [path.name for path in found] == ["ant", "bee"]
    list_class_folders(found, [0, 1], "real", "key")
    assert "left out 2 folders that other programs leave" in caplog.text
