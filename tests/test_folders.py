from pathlib import Path

import pytest

from sau.errors import UserError
from sau.folders import cache_folder, new_folder


def test_the_folder_appears_when_the_block_ends_well(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    with new_folder(path) as temporary:
        (temporary / "in").mkdir()
        (temporary / "in" / "file").write_text("x")
        assert not path.exists()
    assert (path / "in" / "file").read_text() == "x"
    assert [each.name for each in path.parent.iterdir()] == ["b"]


def test_an_empty_folder_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with new_folder(tmp_path / "b") as temporary:
        (temporary / "file").write_text("x")
    assert (tmp_path / "b" / "file").exists()


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "b") as temporary:
        (temporary / "file").write_text("x")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(UserError, match="is there already"), new_folder(path):
            raise AssertionError
    with pytest.raises(UserError, match="cannot write"), new_folder(tmp_path / "file" / "b"):
        raise AssertionError
    assert (tmp_path / "file").read_text() == "x"


def test_the_cache_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("glide") == tmp_path / "sau" / "glide"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for unset in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
        assert cache_folder("glide") == tmp_path / "home" / ".cache" / "sau" / "glide"
