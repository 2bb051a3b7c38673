"""Outputs that belong together: all of one writer, or none."""

import signal
from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.storage.files import write_text
from sau.storage.folders import new_folder
from sau.storage.together import checked, together
from tests.storage.processes import names_left, start

KILLED_AT = """
import os, signal, sys
from pathlib import Path
from sau.storage.files import write_text
from sau.storage.together import together
folder, moves = Path(sys.argv[1]), int(sys.argv[2])
rename = Path.rename
def counted(self, target):
    global moves
    if moves == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    moves -= 1
    return rename(self, target)
with together(folder / "a", folder / "b"):
    write_text(folder / "a", "new")
    write_text(folder / "b", "new")
    Path.rename = counted
"""
"""Is killed before one of the moves at the end: two of the old files aside, two of the new ones."""


def fill(path: Path, text: str) -> None:
    with new_folder(path, replace=True) as temporary:
        (temporary / "file").write_text(text)


def test_outputs_appear_at_the_end(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    write_text(a, "old")
    with together(a, b):
        write_text(a, "new")
        fill(b, "new")
        write_text(tmp_path / "c", "another's")
        assert a.read_text() == "old"
        assert not b.exists()
    assert a.read_text() == (b / "file").read_text() == "new"
    assert names_left(tmp_path) == ["a", "b", "c"]


def test_last_of_two_writes_counts(tmp_path: Path) -> None:
    with together(tmp_path / "a", tmp_path / "b"):
        write_text(tmp_path / "a", "first")
        write_text(tmp_path / "a", "last")
    assert (tmp_path / "a").read_text() == "last"
    assert names_left(tmp_path) == ["a"]


def test_error_leaves_the_former_ones(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    write_text(a, "old")
    with pytest.raises(ZeroDivisionError), together(a, b):
        write_text(a, "new")
        fill(b, "new")
        raise ZeroDivisionError
    assert a.read_text() == "old"
    assert names_left(tmp_path) == ["a"]


def test_output_that_cannot_be_placed_leaves_the_former_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, rename = tmp_path / "a", tmp_path / "b", Path.rename
    write_text(a, "old")
    fill(b, "old")

    def refused(self: Path, target: Path) -> Path:
        if target == b and self.name.endswith(".part"):
            raise OSError("bad disk")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(UserError, match=r"cannot write .*b: bad disk"), together(a, b):
        write_text(a, "new")
        fill(b, "new")
    assert a.read_text() == (b / "file").read_text() == "old"
    assert names_left(tmp_path) == ["a", "b"]


def test_folder_in_the_place_of_a_file_stays(tmp_path: Path) -> None:
    fill(tmp_path / "a", "mine")
    with (
        pytest.raises(UserError, match=r"cannot write .*a: Is a directory"),
        together(tmp_path / "a", tmp_path / "b"),
    ):
        write_text(tmp_path / "b", "new")
        write_text(tmp_path / "a", "new")
    assert names_left(tmp_path) == ["a"]
    assert (tmp_path / "a" / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("moves", "left"),
    [(0, {"a": "old", "b": "old"}), (1, {"b": "old"}), (2, {}), (3, {"a": "new"})],
)
def test_kill_never_leaves_an_old_one_beside_a_new_one(
    moves: int, left: dict[str, str], tmp_path: Path
) -> None:
    write_text(tmp_path / "a", "old")
    write_text(tmp_path / "b", "old")
    process = start(KILLED_AT, tmp_path, str(moves))
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    found = {path.name: path.read_text() for path in tmp_path.iterdir() if path.name in "ab"}
    assert found == left
    write_text(tmp_path / "c", "next")
    assert set(names_left(tmp_path)) == {*left, "c"}


def test_check_that_says_no_leaves_the_former_ones(tmp_path: Path) -> None:
    def no() -> None:
        raise UserError("no")

    a, b = tmp_path / "a", tmp_path / "b"
    write_text(a, "old")
    write_text(b, "old")
    with checked({b: no}):
        with pytest.raises(UserError, match="no"):
            write_text(b, "new")
        with pytest.raises(UserError, match="no"), together(a, b):
            write_text(a, "new")
            write_text(b, "new")
    assert a.read_text() == b.read_text() == "old"
    write_text(b, "new")
    assert names_left(tmp_path) == ["a", "b"]
