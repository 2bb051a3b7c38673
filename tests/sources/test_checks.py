import sys
from pathlib import Path

import numpy as np
import pytest

from sau.core.errors import UserError
from sau.sources.checks import (
    by_class,
    check_label_range,
    check_unique,
    first_of_each_class,
    read_text,
)
from sau.sources.record import Listing, Payload
from tests.sources.make_images import put, refuse_reading


def listing(labels):
    labels = np.array(labels, dtype=np.int64)
    ids = [str(i) for i in range(len(labels))]
    rows = np.arange(len(labels))
    return Listing(ids, labels, rows, lambda rows: [Payload(data=bytes([row])) for row in rows])


def test_order_within_a_class_is_kept():
    assert by_class(listing([1, 0, 1, 0])).ids == ["1", "3", "0", "2"]


def test_taken_images_keep_their_bytes():
    taken = listing([1, 0, 1, 0]).take(np.array([3, 0]))
    assert [(r.id, r.label, r.data) for r in taken.records()] == [("3", 0, b"\3"), ("0", 1, b"\0")]


def test_first_of_each_class():
    images = listing([1, 0, 1, 0, 0])
    assert first_of_each_class(images, 2, ["a", "b"], "k").ids == ["1", "3", "0", "2"]
    assert first_of_each_class(images, None, ["a", "b"], "k") is images
    with pytest.raises(UserError, match=r"k: 3 is more images than exist: class 'b' has 2"):
        first_of_each_class(images, 3, ["a", "b"], "k")
    with pytest.raises(UserError, match=r"class 'c' has 0"):
        first_of_each_class(images, 1, ["a", "b", "c"], "k")


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_outside(label):
    with pytest.raises(UserError, match=rf"label {label} in row 1, expected 0 to 2"):
        check_label_range(np.array([0, label, 2]), 3, "here")


def test_id_that_comes_twice_is_found():
    check_unique(["a", "b"], "here")
    with pytest.raises(UserError, match="id 'b' comes twice"):
        check_unique(["a", "b", "b", "a"], "here")


def test_text_is_utf_8_with_a_byte_order_mark_or_without(tmp_path):
    for encoding in ("utf-8", "utf-8-sig"):
        put(tmp_path / "a.txt", "ca\u00f1a\n".encode(encoding))
        assert read_text(tmp_path / "a.txt", "k", "list") == "ca\u00f1a\n"


def test_text_that_cannot_be_read(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="^k: .*no.txt: no such file; expected a list$"):
        read_text(tmp_path / "no.txt", "k", "list")
    with pytest.raises(UserError, match="a folder, expected one list"):
        read_text(tmp_path, "k", "list")
    put(tmp_path / "a.txt", b"\xe9")
    with pytest.raises(UserError, match="a.txt: not a text file in UTF-8 .*; save it as UTF-8"):
        read_text(tmp_path / "a.txt", "k", "list")
    refuse_reading(monkeypatch)
    with pytest.raises(UserError, match="a.txt: cannot be read .Permission denied.; expected a li"):
        read_text(tmp_path / "a.txt", "k", "list")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such file")
def test_file_that_breaks_while_it_is_read():
    with pytest.raises(UserError, match="mem: cannot be read .Input/output error"):
        read_text(Path("/proc/self/mem"), "k", "list")
