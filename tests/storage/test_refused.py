"""Places that cannot be written are one line, and stay as they were."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sau.__main__ import main
from sau.core.errors import UserError
from sau.storage.files import write_text
from sau.storage.lock import locked
from sau.storage.outputs import writing
from sau.storage.refused import check_place_of
from tests.paths import ROOT

PLACES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a file for a folder": (lambda d: (d / "file").write_text("x"), "file/a", "file is no folder"),
    "deep below a file": (
        lambda d: (d / "file").write_text("x"),
        "file/a/b/c",
        "file is no folder",
    ),
    "a link to nothing": (lambda d: (d / "l").symlink_to("none"), "l/a", "l is no folder"),
    "a link to itself": (lambda d: (d / "l").symlink_to("l"), "l/a", "l is no folder"),
    "a pipe": (lambda d: os.mkfifo(d / "pipe"), "pipe", "it is a device, a pipe or a socket"),
    "a name too long": (lambda d: None, "a" * 256, "File name too long"),
    "a path too long": (lambda d: None, "/".join(["d" * 99] * 60), "File name too long"),
}


@pytest.mark.parametrize("place", PLACES)
def test_place_is_refused_in_one_line(place: str, tmp_path: Path) -> None:
    make, name, reason = PLACES[place]
    make(tmp_path)
    before = sorted(tmp_path.iterdir())
    for write in (lambda path: write_text(path, "text"), lambda path: _write_held(path, "text")):
        with pytest.raises(UserError, match=f"cannot write .*: .*{reason}") as refused:
            write(tmp_path / name)
        assert "\n" not in str(refused.value)
    assert sorted(tmp_path.iterdir()) == before


def _write_held(path: Path, text: str) -> None:
    with writing(path):
        write_text(path, text)


@pytest.mark.parametrize("name", ["/dev/null", "/dev/full", "/dev/stdout"])
def test_device_is_refused(name: str) -> None:
    # Only looked at: a user with all rights would replace it for all programs.
    with pytest.raises(UserError, match="it is a device, a pipe or a socket"):
        check_place_of(Path(name))


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_path_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="it names no file"), locked(Path(name)):
        raise AssertionError
    with pytest.raises(UserError, match="it names no file"):
        write_text(Path(name), "text")


@pytest.mark.parametrize("text", ["a\0b", "a\udcff"])
def test_flag_that_no_path_can_be_is_one_line(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["dataset", "--train", text, "--test", "b"])
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.startswith("sau dataset: error: argument --train: ")
    assert said.count("\n") == 1


NOBODY = """
import os, sys
from pathlib import Path
from sau.core.errors import UserError
from sau.storage.files import write_text
from sau.storage.folders import new_folder
from sau.storage.outputs import writing
from sau.storage.refused import check_place_of
if os.getuid() == 0:
    os.setuid(65534)
def folder(path):
    with new_folder(path):
        raise AssertionError("it was made")
def held(path):
    with writing(path):
        raise AssertionError("it was held")
for write in (lambda path: write_text(path, "x"), folder, held):
    for name in ("a", "b/c"):
        try:
            write(Path(sys.argv[1]) / name)
        except UserError as error:
            print(error)
"""


def test_folder_that_may_not_be_written_is_one_line(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:3]):  # with xdist there is one more
        folder.chmod(folder.stat().st_mode | 0o055)
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    command = [sys.executable, "-c", NOBODY, str(closed)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 6
    for line in lines:
        assert line.startswith(f"cannot write {closed}/")
        assert ": Permission denied; nothing was left behind" in line
    assert list(closed.iterdir()) == []


def test_folder_that_may_not_be_looked_into_is_one_line(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    command = [sys.executable, "-c", NOBODY, str(closed)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert [line.count("Permission denied") for line in done.stdout.splitlines()] == [1] * 6


GONE = """
import os, sys
from sau.__main__ import main
os.mkdir(sys.argv[1]); os.chdir(sys.argv[1]); os.rmdir(sys.argv[1])
for words in (["run", "-n"], ["dataset", "--train", "a", "--test", "b"]):
    try:
        print(main(words))
    except SystemExit as left:
        print(left.code)
"""


def test_current_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-c", GONE, str(tmp_path / "gone")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stdout == "2\n2\n", done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all("the current folder is no longer there; change to one" in line for line in lines)
