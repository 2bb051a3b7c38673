from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.sources.parts import refuse_parts
from tests.sources.make_images import picture, put


def make(folder, *names):
    for number, name in enumerate(names):
        put(folder / name / "0.png", picture(number))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Training", "Testing"),
        ("training_set", "test_set"),
        ("seg_train", "seg_test"),
        ("Train", "Val"),
        ("data-train", "data-validation"),
    ],
)
def test_parts_of_a_data_set_are_no_classes(tmp_path, first, second):
    make(tmp_path, *(f"{part}/{name}" for part in (first, second) for name in ("ant", "bee")))
    with pytest.raises(UserError, match="look like parts of a data set"):
        refuse_parts(tmp_path, "key")


def test_parts_without_class_folders_are_no_classes_either(tmp_path):
    make(tmp_path, "train", "test")
    with pytest.raises(UserError, match="'train' and 'test' look like parts of a data set"):
        refuse_parts(tmp_path, "key")


def test_wrapper_of_a_zip_file_is_named(tmp_path):
    make(tmp_path, "animals-main/ant", "animals-main/bee")
    with pytest.raises(UserError, match="its only folder 'animals-main'.*; set it to .*main"):
        refuse_parts(tmp_path, "key")


def test_one_class_alone_is_no_part(tmp_path):
    make(tmp_path, "ant")
    refuse_parts(tmp_path, "key")


@pytest.mark.parametrize(
    "names", [("ant", "bee"), ("train", "plane", "ship"), ("test tube", "flask"), ("ant/x", "bee")]
)
def test_classes_are_no_parts(tmp_path, names):
    make(tmp_path, *names)
    refuse_parts(tmp_path, "key")


def test_classes_that_hold_the_same_folders_are_classes(tmp_path):
    make(tmp_path, "cat/indoors", "cat/outdoors", "dog/indoors", "dog/outdoors")
    refuse_parts(tmp_path, "key")


def test_class_folder_that_cannot_be_read_is_one_line(tmp_path, monkeypatch):
    make(tmp_path, "ant", "bee")
    look = Path.iterdir

    def refuse(path):
        if path.name == "bee":
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UserError, match="key: .*bee: the folder cannot be read"):
        refuse_parts(tmp_path, "key")
