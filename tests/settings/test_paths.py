"""A path that begins with `~` is of a home folder, wherever it enters."""

import os
import pwd
from pathlib import Path

import pytest

from sau.__main__ import main
from sau.config.config import ExperimentSettings
from sau.core.errors import UserError
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.scores.settings import ScoresSettings
from sau.run.files import find
from sau.settings.paths import path_flag, with_home
from sau.settings.section import Section


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [("~", ""), ("~/a b/~", "/a b/~"), ("~/", ""), ("~//a", "/a"), ("~/../a", "/../a")],
)
def test_home_stands_for_a_tilde_at_the_start(home: Path, text: str, expected: str) -> None:
    assert with_home(text) == f"{home}{expected}"
    assert path_flag(text) == Path(f"{home}{expected}")


@pytest.mark.parametrize("text", ["", "a", "./~", "a/~", "/~/a", " ~/a", "$HOME/a", "a~"])
def test_paths_without_a_home_stay_as_they_are(text: str) -> None:
    assert with_home(text) == text


def test_home_of_a_user_is_that_users() -> None:
    user = pwd.getpwuid(os.getuid())
    assert with_home(f"~{user.pw_name}/x") == f"{user.pw_dir}/x"


def test_unknown_user_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = "no home folder is known for ~no-such-user; write the whole path, or ./~no-such-user/x"
    with pytest.raises(UserError, match=r"experiment\.results: '~no-such-user/x' is refused: no"):
        ExperimentSettings(results="~no-such-user/x")
    with pytest.raises(UserError, match=line):
        find("~no-such-user/x", Path("shipped"))
    with pytest.raises(SystemExit) as left:
        main(["dataset", "--train", "~no-such-user/x", "--test", "y"])
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert line in said
    assert said.count("\n") == 1


PATHS: list[tuple[type[Section], str, dict[str, object]]] = [
    (ExperimentSettings, "results", {}),
    (DatasetSettings, "folder", {"source": "image-folder"}),
    (DatasetSettings, "train_file", {"source": "parquet"}),
    (DatasetSettings, "test_file", {"source": "parquet", "train_file": "a"}),
    (DatasetSettings, "class_names_file", {"source": "image-folder", "folder": "a"}),
    (ImagesSettings, "model", {"source": "glide"}),
    (ImagesSettings, "upsampler", {"source": "glide"}),
    (ImagesSettings, "folder", {"source": "imported"}),
    (ImagesSettings, "file", {"source": "imported", "layout": "parquet"}),
    (ScoresSettings, "model", {}),
    (ScoresSettings, "pretrained", {"model": "ViT-B-32"}),
]


@pytest.mark.parametrize(("section", "key", "others"), PATHS)
def test_settings_that_are_paths_may_be_of_the_home_folder(
    home: Path, section: type[Section], key: str, others: dict[str, object]
) -> None:
    assert getattr(section(**{key: "~/x"}, **others), key) == f"{home}/x"


def test_config_file_may_be_of_the_home_folder(home: Path) -> None:
    (home / "my.yaml").write_text("")
    assert find("~/my.yaml", Path("shipped")) == home / "my.yaml"
