import contextlib
import os
import socket
from pathlib import Path

import pytest

from sau.storage.regular import NotReadableError, read_regular


def test_regular_file_is_read_behind_links_too(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").symlink_to("a")
    assert read_regular(tmp_path / "a", 3) == read_regular(tmp_path / "b", 3) == b"abc"


def test_larger_file_is_not_read(tmp_path):
    (tmp_path / "a").write_bytes(b"abcd")
    with pytest.raises(NotReadableError, match="larger than 3 bytes"):
        read_regular(tmp_path / "a", 3)


def test_file_that_says_no_size_is_bounded():
    endless = Path("/proc/self/maps")
    if not endless.exists():
        pytest.skip("no such file on this system")
    with pytest.raises(NotReadableError, match="larger than 3 bytes"):
        read_regular(endless, 3)


def test_file_that_is_not_regular_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    # The name of a socket may not be as long as the folder's.
    with socket.socket(socket.AF_UNIX) as one, contextlib.chdir(tmp_path):
        one.bind("socket")
    kinds = {"pipe": "a pipe", "zero": "a device", "socket": "a socket", ".": "a folder"}
    for name, words in kinds.items():
        with pytest.raises(NotReadableError, match=f"{words}, not a regular file"):
            read_regular(tmp_path / name, 3)


def test_file_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "no", 3)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        read_regular(tmp_path / "loop", 3)
