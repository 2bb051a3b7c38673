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
        ("TrainImages", "TestImages"),
        ("trainset", "testset"),
        ("trainA", "testA"),
        ("entrenamiento", "prueba"),
        ("entrai\u0302nement", "validation"),
        ("Trainingsdaten", "Testdaten"),
        ("treino", "teste"),
        ("обучение", "тест"),
        ("训练集", "测试集"),
        ("学習", "テスト"),
        ("학습", "테스트"),
        ("dev", "test"),
        ("seen", "unseen"),
        ("gallery", "query"),
        ("fold_1", "fold_2"),
        ("part1", "part2"),
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
    "names",
    [
        *(("ant", "bee"), ("train", "plane", "ship"), ("test tube", "flask"), ("ant/x", "bee")),
        *(("tr", "te"), ("dev", "prod"), ("seen", "unseen"), ("setter", "spaniel")),
        ("formation/x", "test pit/y", "bee"),
        ("part 1", "part 2"),
    ],
)
def test_classes_are_no_parts(tmp_path, names):
    make(tmp_path, *names)
    refuse_parts(tmp_path, "key")


def test_classes_that_hold_the_same_folders_are_classes_with_a_line(tmp_path, caplog):
    make(tmp_path, "cat/indoors", "cat/outdoors", "dog/indoors", "dog/outdoors")
    refuse_parts(tmp_path, "key")
    (line,) = caplog.messages
    assert "2 of its folders hold no images but folders, such as cat/indoors" in line
    assert "each holds 'indoors', 'outdoors'" in line


def test_classes_with_images_and_folders_need_no_line(tmp_path, caplog):
    make(tmp_path, "cat", "cat/indoors", "dog")
    refuse_parts(tmp_path, "key")
    assert not caplog.messages


@pytest.mark.parametrize("parts", [("train", "test"), ("Training", "Validation", "more")])
def test_classes_that_hold_parts_are_refused(tmp_path, parts):
    make(tmp_path, *(f"{name}/{part}" for name in ("ant", "bee") for part in parts))
    with pytest.raises(UserError, match=f"folder 'ant' holds '{parts[0]}' and '{parts[1]}'"):
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
