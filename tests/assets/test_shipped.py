"""Digests of files from outside: what changes them, and what does not."""

import hashlib
import os
import sys

import pytest

from sau.assets.shipped import fingerprint, weights_sha256


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_hash_changes_with_a_new_a_longer_and_a_missing_file(tmp_path):
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
    before = fingerprint([str(tmp_path)]), weights_sha256(tmp_path)
    put(tmp_path / "ant" / ".DS_Store", "x")
    put(tmp_path / ".cache" / "huggingface" / "y", "y")
    assert (fingerprint([str(tmp_path)]), weights_sha256(tmp_path)) == before
    put(tmp_path / "ant" / "1.png", "ab")
    assert fingerprint([str(tmp_path)]) != before[0]
    assert weights_sha256(tmp_path) != before[1]


def test_folder_that_is_hidden_itself_counts(tmp_path):
    put(tmp_path / ".models" / "unet" / "b", "2")
    put(tmp_path / ".models" / "a", "1")
    parts = (b"a", hashlib.sha256(b"1").digest(), b"unet/b", hashlib.sha256(b"2").digest())
    assert weights_sha256(tmp_path / ".models") == hashlib.sha256(b"".join(parts)).hexdigest()
    before = fingerprint([str(tmp_path / ".models")])
    put(tmp_path / ".models" / "a", "11")
    assert fingerprint([str(tmp_path / ".models")]) != before


def test_file_that_is_named_counts_though_hidden(tmp_path):
    put(tmp_path / ".weights", "1")
    before = fingerprint([str(tmp_path / ".weights")])
    put(tmp_path / ".weights", "11")
    assert fingerprint([str(tmp_path / ".weights")]) != before


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_need_not_be_utf_8(tmp_path):
    before = fingerprint([str(tmp_path)])
    put(tmp_path / os.fsdecode(b"Gr\xf6n.png"), "a")
    assert fingerprint([str(tmp_path)]) != before


def test_name_that_is_no_file_counts_as_its_text(tmp_path):
    missing = str(tmp_path / "nothing")
    assert fingerprint(["ViT-B-32", missing]) != fingerprint(["ViT-B-16", missing])
    assert fingerprint([""]) == fingerprint([""])
