import inspect
import sys

import pytest

from sau.storage.walk import Closed, below


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def names(folder, closed=None, **options):
    found = below(folder, refuse, closed, **options)
    return [path.relative_to(folder).as_posix() for path in found]


def refuse(error):
    raise error


def test_files_in_the_order_of_their_parts(tmp_path):
    for name in ("b/2", "b/1", "a.x/1", "a/9", "a/c/1", "0"):
        put(tmp_path / name)
    assert names(tmp_path) == ["0", "a/9", "a/c/1", "a.x/1", "b/1", "b/2"]


def test_link_to_what_a_folder_stands_in_leads_nowhere(tmp_path):
    put(tmp_path / "data" / "cat" / "1")
    put(tmp_path / "data" / "dog" / "2")
    for name, target in {"here": ".", "up": "..", "top": "../..", "root": "/"}.items():
        (tmp_path / "data" / "cat" / name).symlink_to(target)
    assert names(tmp_path / "data" / "cat") == ["1"]


def test_links_that_fan_out_are_bounded(tmp_path):
    """Ten links to a folder of ten links, twelve times: a million million ways to one file."""
    for level in range(12):
        put(tmp_path / str(level) / "file")
        for number in range(10):
            (tmp_path / str(level) / f"link{number}").symlink_to(f"../{level + 1}")
    with pytest.raises(OSError, match="links lead to over 500 folders"):
        names(tmp_path / "0", most_linked=500)
    assert len(list(below(tmp_path / "0", lambda _: None, most_linked=500))) < 6000


def test_link_within_a_folder_is_followed(tmp_path):
    put(tmp_path / ".store" / "1")
    (tmp_path / "shown").symlink_to(".store")
    assert names(tmp_path) == [".store/1", "shown/1"]


def test_closed_folders_are_not_led_into(tmp_path):
    for name in ("cat/1", "dog/2", "dog/deep/3", "other/4", "loose"):
        put(tmp_path / "data" / name)
    for name in ("dog", "dog/deep", "other"):
        (tmp_path / "data" / "cat" / name.replace("/", "-")).symlink_to(f"../{name}")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "around").symlink_to("../data")
    (tmp_path / "data" / "cat" / "store").symlink_to("../../store")
    closed = Closed([tmp_path / "data" / "cat", tmp_path / "data" / "dog"])
    assert names(tmp_path / "data" / "cat", closed) == ["1", "other/4"]


def test_folders_nested_deeper_than_calls_may_be(tmp_path):
    put(tmp_path.joinpath(*["d"] * 200) / "file")
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        found = names(tmp_path)
    finally:
        sys.setrecursionlimit(before)
    assert [name.count("/") for name in found] == [200]


def test_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        names(tmp_path / "no")
