import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.storage.folders import cache_folder, check_place, new_folder
from tests.paths import ROOT
from tests.storage.processes import without_process


def test_folder_appears_when_the_block_ends_well(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    with new_folder(path) as temporary:
        (temporary / "in").mkdir()
        (temporary / "in" / "file").write_text("x")
        assert not path.exists()
    assert (path / "in" / "file").read_text() == "x"
    assert [each.name for each in path.parent.iterdir()] == ["b"]


def test_empty_folder_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with new_folder(tmp_path / "b") as temporary:
        (temporary / "file").write_text("x")
    assert (tmp_path / "b" / "file").exists()


def test_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "b") as temporary:
        (temporary / "file").write_text("x")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(UserError, match="is there already"), new_folder(path):
            raise AssertionError
    with pytest.raises(UserError, match="cannot write"), new_folder(tmp_path / "file" / "b"):
        raise AssertionError
    assert (tmp_path / "file").read_text() == "x"


def fill(path: Path, text: str, replace: bool = True) -> None:
    with new_folder(path, replace=replace) as temporary:
        (temporary / "file").write_text(text)


def test_old_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "b"
    fill(path, "old")
    (path / "other").write_text("x")
    with new_folder(path, replace=True) as temporary:
        (temporary / "file").write_text("new")
        assert (path / "file").read_text() == "old"
    assert {each.relative_to(tmp_path).as_posix() for each in tmp_path.rglob("*")} == {
        "b",
        "b/file",
    }
    assert (path / "file").read_text() == "new"


def test_error_leaves_the_old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, rename = tmp_path / "b", Path.rename
    fill(path, "old")
    with pytest.raises(ZeroDivisionError), new_folder(path, replace=True):
        raise ZeroDivisionError

    def refused(self: Path, target: Path) -> Path:
        if self.name.endswith(".part"):
            raise OSError(errno.EIO, "bad disk", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(UserError, match="cannot write .*b: bad disk; nothing was left behind"):
        fill(path, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["b"]
    assert (path / "file").read_text() == "old"


KILLED_AT = """
import os, shutil, signal, sys
from pathlib import Path
from sau.storage.folders import new_folder
from tests.storage.processes import without_process
def kill(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
path, owner, name, target = Path(sys.argv[1]), *sys.argv[2:]
owner = {"Path": Path, "shutil": shutil}[owner]
former = getattr(owner, name)
def stand_in(self, *others, **options):
    if without_process(Path(self).name) == target and Path(self).exists():
        kill()
    return former(self, *others, **options)
with new_folder(path, replace=True) as temporary:
    (temporary / "one").write_text("new")
    (temporary / "two").write_text("new")
    setattr(owner, name, stand_in)
"""


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        (("Path", "rename", "b"), {"b": "old", ".b.part": "new"}),
        (("Path", "rename", ".b.part"), {".b.old": "old", ".b.part": "new"}),
        (("shutil", "rmtree", ".b.old"), {".b.old": "old", "b": "new"}),
    ],
)
def test_kill_while_it_is_replaced_leaves_no_half(
    tmp_path: Path, moment: tuple[str, ...], left: dict[str, str]
) -> None:
    path = tmp_path / "b"
    with new_folder(path) as temporary:
        for name in ("one", "two"):
            (temporary / name).write_text("old")
    command = [sys.executable, "-c", KILLED_AT, str(path), *moment]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(command, env=environment).returncode == -signal.SIGKILL
    found = {
        without_process(each.name): [file.read_text() for file in each.iterdir()]
        for each in tmp_path.iterdir()
    }
    assert found == {name: [text] * 2 for name, text in left.items()}
    fill(path, "newer")
    assert [each.name for each in tmp_path.iterdir()] == ["b"]


def test_folder_that_comes_meanwhile_is_not_replaced_unasked(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match="cannot write .*not empty"),
        new_folder(tmp_path / "b"),
    ):
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "mine").write_text("mine")
    assert (tmp_path / "b" / "mine").read_text() == "mine"


def test_file_or_a_link_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("x")
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link to empty").symlink_to("empty")
    (tmp_path / "link to none").symlink_to("none")
    with pytest.raises(UserError, match="file: is there already; remove it"):
        fill(tmp_path / "file", "new")
    for name in ("link", "link to empty", "link to none"):
        with pytest.raises(UserError, match=f"{name}: is a link; name the folder that it leads to"):
            fill(tmp_path / name, "new")
    assert (tmp_path / "link" / "file").read_text() == "x"


def test_input_that_cannot_be_read_is_no_error_of_writing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"), new_folder(tmp_path / "b") as temporary:
        (temporary / "file").write_text((tmp_path / "missing").read_text())
    with (
        pytest.raises(UserError, match="cannot write .*b: No such file"),
        new_folder(tmp_path / "b") as temporary,
    ):
        (temporary / "no folder" / "file").write_text("x")
    with pytest.raises(UserError, match="cannot write .*b: full"), new_folder(tmp_path / "b"):
        raise OSError(errno.ENOSPC, "full")
    assert list(tmp_path.iterdir()) == []


def test_place_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_place(tmp_path / "not there yet" / "folder")
    (tmp_path / "file").write_text("x")
    with pytest.raises(
        UserError, match=r"cannot write .*folder: .*file is no folder; .*choose another"
    ):
        check_place(tmp_path / "file" / "between" / "folder")
    # Root may write anywhere, and tests may run as root.
    monkeypatch.setattr(os, "access", lambda folder, mode: folder != tmp_path)
    with pytest.raises(UserError, match="cannot write .*folder: Permission denied"):
        check_place(tmp_path / "folder")


def test_cache_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("glide") == tmp_path / "sau" / "glide"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for unset in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
        assert cache_folder("glide") == tmp_path / "home" / ".cache" / "sau" / "glide"
