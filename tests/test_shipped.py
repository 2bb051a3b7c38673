"""Digests of files from outside: what changes them, and what does not."""

import os
import sys

import pytest

from sau.shipped import fingerprint


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_new_a_longer_and_a_missing_file_change_it(tmp_path):
    found = [fingerprint([str(tmp_path)])]
    for text in ("a", "ab"):
        put(tmp_path / "ant" / "1.png", text)
        found.append(fingerprint([str(tmp_path)]))
    assert len(set(found)) == 3
    (tmp_path / "ant" / "1.png").unlink()
    assert fingerprint([str(tmp_path)]) == found[0]


def test_files_behind_a_linked_folder_count(tmp_path):
    """A class's folder may stand on another disk."""
    put(tmp_path / "disk" / "1.png", "a")
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "ant").symlink_to(tmp_path / "disk")
    (tmp_path / "real" / "loop").symlink_to(tmp_path / "real")
    before = fingerprint([str(tmp_path / "real")])
    put(tmp_path / "disk" / "2.png", "b")
    assert fingerprint([str(tmp_path / "real")]) != before


def test_hidden_files_do_not_count(tmp_path):
    """File managers write over theirs whenever somebody looks into a folder."""
    put(tmp_path / "ant" / "1.png", "a")
    before = fingerprint([str(tmp_path)])
    put(tmp_path / "ant" / ".DS_Store", "x")
    put(tmp_path / ".cache" / "y", "y")
    assert fingerprint([str(tmp_path)]) == before


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_need_not_be_utf_8(tmp_path):
    before = fingerprint([str(tmp_path)])
    put(tmp_path / os.fsdecode(b"Gr\xf6n.png"), "a")
    assert fingerprint([str(tmp_path)]) != before


def test_what_is_no_file_counts_as_its_text(tmp_path):
    missing = str(tmp_path / "nothing")
    assert fingerprint(["ViT-B-32", missing]) != fingerprint(["ViT-B-16", missing])
    assert fingerprint([""]) == fingerprint([""])
