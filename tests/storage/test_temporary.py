"""Temporary names: one process never writes another's, and what a killed one left goes away."""

import os
import signal
import stat
import tempfile
import time
from pathlib import Path

import pytest

from sau.storage.files import atomic_path, write_text
from sau.storage.folders import new_folder
from sau.storage.process import this_machine
from sau.storage.temporary import OLD_AFTER, remove_left_behind, temporary_beside
from tests.storage.processes import names_left, start

NOBODY = 2**22 + 1
"""The number of no process: more than a system gives."""

KILLED = """
import os, signal, sys
from pathlib import Path
from sau.storage.files import atomic_path
from sau.storage.folders import new_folder
with new_folder(Path(sys.argv[1]) / "b"), atomic_path(Path(sys.argv[1]) / "a") as path:
    path.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def left_by(folder: Path, machine: str, pid: int, age: float = 0.0) -> Path:
    path = folder / f".a.host-{machine}-{pid}-0123abcd.part"
    path.write_text("half")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_names_differ_each_time_and_fit(tmp_path: Path) -> None:
    for name in ("a", ".a", "x" * 255, "ä" * 127):
        names = {temporary_beside(tmp_path / name).name for _ in range(3)}
        assert len(names) == 3
        assert max(len(os.fsencode(each)) for each in names) <= 143
        assert all(each.startswith(".") and each.endswith(".part") for each in names)


def test_writers_of_one_file_leave_one_whole(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a") as one, atomic_path(tmp_path / "a") as other:
        one.write_text("one")
        other.write_text("other")
    assert (tmp_path / "a").read_text() == "one"
    assert names_left(tmp_path) == ["a"]


def test_files_of_a_killed_process_are_removed_by_the_next_writer(tmp_path: Path) -> None:
    process = start(KILLED, tmp_path)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert names_left(tmp_path) == [".a.part", ".b.part"]
    write_text(tmp_path / "c", "text")
    assert names_left(tmp_path) == ["c"]


def test_files_of_a_living_process_stay(tmp_path: Path) -> None:
    ours = left_by(tmp_path, this_machine(), os.getpid(), age=OLD_AFTER * 9)
    remove_left_behind(tmp_path)
    assert ours.exists()


def test_files_of_another_machine_stay_until_they_are_old(tmp_path: Path) -> None:
    old = left_by(tmp_path, "0" * 8, NOBODY, age=OLD_AFTER + 60)
    new = left_by(tmp_path, "1" * 8, NOBODY, age=OLD_AFTER - 60)
    remove_left_behind(tmp_path)
    assert not old.exists()
    assert new.exists()


def test_files_of_other_names_stay(tmp_path: Path) -> None:
    tail = f"host-{this_machine()}-{NOBODY}-0123abcd"
    names = [f"a.{tail}.part", f".a.{tail}.parquet", ".a.part", f".{tail}.part", ".a.lock"]
    for name in names:
        (tmp_path / name).write_text("mine")
    remove_left_behind(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    remove_left_behind(tmp_path / "not there")


def _make_private(path: Path) -> None:
    """Make a file as some libraries do."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    os.close(handle)
    Path(name).rename(path)


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o027, 0o077, 0o000])
def test_umask_decides_who_may_read(tmp_path: Path, umask: int) -> None:
    former = os.umask(umask)
    try:
        write_text(tmp_path / "new" / "a", "text")
        with new_folder(tmp_path / "b") as temporary:
            (temporary / "file").write_text("text")
            _make_private(temporary / "weights")
            Path(tempfile.mkdtemp(dir=temporary)).joinpath("file").write_text("text")
        with atomic_path(tmp_path / "c") as temporary:
            temporary.unlink()
            _make_private(temporary)
    finally:
        os.umask(former)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert len(modes) == 8
    for path, mode in modes.items():
        assert mode == (0o777 if path.is_dir() else 0o666) & ~umask
