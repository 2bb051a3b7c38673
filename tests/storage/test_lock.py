"""Locks: of two processes one gets in, whatever became of the one before."""

import dataclasses
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.storage.holder import Holder
from sau.storage.lock import lock_of, locked
from tests.storage.processes import HOLD, holder, kill, start

RACE = """
import os, sys, time
from pathlib import Path
from sau.core.errors import UserError
from sau.storage.lock import locked
sys.stdin.readline()
path = Path(sys.argv[1])
try:
    with locked(path):
        os.close(os.open(f"{path}.inside", os.O_CREAT | os.O_EXCL))
        time.sleep(0.1)
        os.unlink(f"{path}.inside")
except UserError:
    sys.exit(2)
"""
"""Fails with 1 where two are inside at once."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def leave(path: Path, age: float = 0.0, **changes: object) -> Holder:
    """Leave a lock as its holder would, one of another machine unless told otherwise."""
    ours = Holder.current()
    process = dataclasses.replace(ours.process, **{"host": "far", "machine": "0" * 8} | changes)
    left = dataclasses.replace(ours, process=process)
    lock_of(path).write_text(left.to_json())
    os.utime(lock_of(path), (time.time() - age,) * 2)
    return left


@contextmanager
def signs_of_life(path: Path) -> Iterator[None]:
    ended = threading.Event()

    def go_on() -> None:
        while not ended.wait(0.1):
            os.utime(lock_of(path))

    thread = threading.Thread(target=go_on)
    thread.start()
    yield
    ended.set()
    thread.join()


def test_second_process_is_told_who_is_first(tmp_path: Path) -> None:
    first = holder(tmp_path / "new" / "a", tmp_path / "new" / "b")
    second = start(HOLD, tmp_path / "new" / "b")
    said, _ = second.communicate()
    lock = tmp_path / "new" / ".b.lock"
    assert said.startswith(f"{tmp_path}/new/b: being written by pid {first.pid} of ")
    assert said.endswith(f"; wait until it is done, or delete {lock} if that process is gone\n")
    assert " (python /" in said
    assert f" on host {os.uname().nodename} since 2" in said
    assert (second.returncode, said.count("\n")) == (2, 1)
    first.communicate("\n")
    assert (first.returncode, names(tmp_path)) == (0, [])


def test_lock_of_a_killed_process_is_taken_over_with_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    killed = holder(tmp_path / "a")
    kill(killed)
    assert names(tmp_path) == [".a.lock"]
    with locked(tmp_path / "a") as check:
        check()
        assert json.loads(lock_of(tmp_path / "a").read_text())["process"]["pid"] == os.getpid()
    assert f"taken over from pid {killed.pid} of " in caplog.text
    assert names(tmp_path) == []


def test_lock_of_a_killed_process_goes_to_one_of_many(tmp_path: Path) -> None:
    kill(holder(tmp_path / "a"))
    racers = [start(RACE, tmp_path / "a") for _ in range(8)]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    for racer in racers:
        racer.communicate()
    codes = [racer.returncode for racer in racers]
    assert set(codes) <= {0, 2}
    assert 0 in codes
    assert names(tmp_path) == []


def test_process_that_has_ended_but_was_not_asked_for_is_gone(tmp_path: Path) -> None:
    killed = holder(tmp_path / "a")
    killed.kill()
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)  # its number is still taken
    with locked(tmp_path / "a"):
        pass
    killed.communicate()


def test_number_of_a_later_process_does_not_hold(tmp_path: Path) -> None:
    leave(tmp_path / "a", machine=Holder.current().process.machine, started="1")
    with locked(tmp_path / "a"):
        pass
    assert names(tmp_path) == []


def test_process_that_lives_holds_however_old_its_lock_is(tmp_path: Path) -> None:
    first = holder(tmp_path / "a")
    os.utime(lock_of(tmp_path / "a"), (1, 1))
    with pytest.raises(UserError, match=f"by pid {first.pid}"), locked(tmp_path / "a"):
        raise AssertionError
    kill(first)


def test_holder_on_another_machine_that_is_silent_is_replaced_at_once(tmp_path: Path) -> None:
    leave(tmp_path / "a", age=1000.0)
    began = time.monotonic()
    with locked(tmp_path / "a", stale_after=900.0):
        pass
    assert time.monotonic() - began < 100


def test_holder_on_another_machine_that_may_be_gone_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "sau")
    leave(tmp_path / "a", age=-5000.0)  # its clock is wrong, too
    with locked(tmp_path / "a", stale_after=0.2):
        pass
    assert caplog.text.count("waiting for a sign of life of pid") == 1


def test_holder_on_another_machine_that_gives_signs_of_life_holds(tmp_path: Path) -> None:
    leave(tmp_path / "a")
    with (
        signs_of_life(tmp_path / "a"),
        pytest.raises(UserError, match="on host far since"),
        locked(tmp_path / "a", stale_after=60.0),
    ):
        raise AssertionError
    assert names(tmp_path) == [".a.lock"]


def test_holder_gives_signs_of_life(tmp_path: Path) -> None:
    with locked(tmp_path / "a", beat=0.02):
        os.utime(lock_of(tmp_path / "a"), (1, 1))
        deadline = time.monotonic() + 60
        while lock_of(tmp_path / "a").stat().st_mtime == 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert lock_of(tmp_path / "a").stat().st_mtime > 1


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[" * 9999, '{"process": 1}', "\0", '{"process": {"pid": "x"}}'],
)
def test_damaged_lock_is_one_of_an_unknown_process(tmp_path: Path, text: str) -> None:
    lock_of(tmp_path / "a").write_text(text)
    with locked(tmp_path / "a", stale_after=0.1):
        pass
    assert names(tmp_path) == []


def test_lock_that_is_a_folder_is_one_line(tmp_path: Path) -> None:
    lock_of(tmp_path / "a").mkdir()
    refused = pytest.raises(UserError, match=r"\.a\.lock: cannot be read \(Is a directory\)")
    with refused, locked(tmp_path / "a"):
        raise AssertionError


def test_lock_that_is_a_link_to_nothing_is_one_line(tmp_path: Path) -> None:
    lock_of(tmp_path / "a").symlink_to("nothing")
    refused = pytest.raises(UserError, match=r"cannot be read .* delete it if no process does")
    with refused, locked(tmp_path / "a"):
        raise AssertionError


def test_lock_that_is_a_pipe_is_one_of_an_unknown_process(tmp_path: Path) -> None:
    os.mkfifo(lock_of(tmp_path / "a"))
    with locked(tmp_path / "a", stale_after=0.1):
        assert lock_of(tmp_path / "a").is_file()


def test_text_of_a_lock_cannot_act_on_a_terminal(tmp_path: Path) -> None:
    left = dataclasses.replace(leave(tmp_path / "a"), command="\x1b[31m\n" + "x" * 999)
    assert "\x1b" not in left.describe()
    assert "\n" not in left.describe()
    assert len(left.describe()) < 500


def test_check_refuses_where_another_has_taken_over(tmp_path: Path) -> None:
    with locked(tmp_path / "a") as check:
        lock_of(tmp_path / "a").unlink()
        check()
        assert lock_of(tmp_path / "a").exists()
        other = leave(tmp_path / "a", machine=Holder.current().process.machine)
        with pytest.raises(UserError, match="this process had it before"):
            check()
    assert Holder.from_json(lock_of(tmp_path / "a").read_text()) == other


def test_lock_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    second = pytest.raises(UserError, match=f"by pid {os.getpid()}")
    with locked(tmp_path / "a"), second, locked(tmp_path / "a"):
        raise AssertionError
    leave(tmp_path / "a", age=1000.0)
    with locked(tmp_path / "a"):
        pass
    assert names(tmp_path) == []


def test_path_named_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    twice = (tmp_path / "a", tmp_path / "link" / "a")
    with pytest.raises(UserError, match="named for two outputs"), locked(*twice):
        raise AssertionError
    assert names(tmp_path) == ["link"]


def test_names_that_are_long_have_locks_of_their_own(tmp_path: Path) -> None:
    longest = tmp_path / ("ä" * 127 + "a")
    with locked(longest, longest.with_name("ä" * 127 + "b")):
        assert len(names(tmp_path)) == 2
    assert names(tmp_path) == []


def test_refusal_gives_back_what_was_taken_before(tmp_path: Path) -> None:
    first = holder(tmp_path / "b")
    with pytest.raises(UserError, match="being written"), locked(tmp_path / "a", tmp_path / "b"):
        raise AssertionError
    assert names(tmp_path) == [".b.lock"]
    kill(first)
