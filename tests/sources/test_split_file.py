import re

import numpy as np
import pytest

from sau.core.errors import UserError
from sau.sources import split_file
from sau.sources.split_file import list_split, read_split_file
from tests.sources.make_images import picture, put, refuse_reading


def read(folder, text, encoding="utf-8"):
    put(folder / "split.txt", text.encode(encoding))
    return read_split_file(folder / "split.txt", "k")


def test_label_is_what_follows_the_last_white_space(tmp_path):
    split = read(tmp_path, "a/1.JPEG 0\na/two words  3.jpg \t7\nb/4.jpg 007 \r\n\n \n")
    assert split.paths == ["a/1.JPEG", "a/two words  3.jpg", "b/4.jpg"]
    assert split.labels.tolist() == [0, 7, 7]
    assert split.labels.dtype == np.int64


def test_byte_order_mark_and_a_missing_last_newline(tmp_path):
    assert read(tmp_path, "a/1.jpg 2", "utf-8-sig").paths == ["a/1.jpg"]


def test_line_separators_of_unicode_are_part_of_a_path(tmp_path):
    assert read(tmp_path, "a\u2028b.jpg 1\n").paths == ["a\u2028b.jpg"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("a/1.jpg", "'a/1.jpg' is not a path and a label; expected a line such as `train/"),
        ("", "'' is not a path and a label"),
        ("a/1.jpg x", "label 'x' is no whole number"),
        ("a/1.jpg 1.0", "label '1.0' is no whole number"),
        ("a/1.jpg 1_0", "label '1_0' is no whole number"),
        ("a/1.jpg \u0661", "label '\u0661' is no whole number"),
        ("a/1.jpg 1e3", "label '1e3' is no whole number"),
        (f"a/1.jpg {10**18}", f"label '{10**18}' is no whole number"),
        ("a/1.jpg -1", "negative label -1; number the classes from 0"),
        ("/a/1.jpg 0", "path '/a/1.jpg' must be plain and relative to dataset.folder"),
        ("../1.jpg 0", "path '../1.jpg' must be plain"),
        ("./a.jpg 0", "path './a.jpg' must be plain"),
        ("a//1.jpg 0", "path 'a//1.jpg' must be plain"),
        ("a/0.jpg 5", "'a/0.jpg' stands in line 1 already; list each image once"),
    ],
)
def test_bad_line_is_named_by_its_number(tmp_path, line, problem):
    with pytest.raises(UserError) as caught:
        read(tmp_path, f"a/0.jpg 0\nb/0.jpg 1\n{line}\nc/0.jpg 2\n")
    assert str(caught.value).startswith(f"k: {tmp_path / 'split.txt'}, line 3: {problem}")
    assert "\n" not in str(caught.value)


def test_paths_that_differ_in_unicode_spelling_only_are_one_id(tmp_path):
    with pytest.raises(UserError, match="line 2: 'a/\u00e9.jpg' stands in line 1 already"):
        read(tmp_path, "a/\u00e9.jpg 0\na/e\u0301.jpg 0\n")


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_empty_file(tmp_path, text):
    with pytest.raises(UserError, match="empty; expected lines such as `train/n01440764"):
        read(tmp_path, text)


def test_file_that_is_no_split_file_is_refused(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="k: .*no.txt: no such file; expected a split file"):
        read_split_file(tmp_path / "no.txt", "k")
    with pytest.raises(UserError, match="a folder, expected one split file"):
        read_split_file(tmp_path, "k")
    with pytest.raises(UserError, match="not a text file in UTF-8"):
        read(tmp_path, "\u00e9.jpg 0", "latin-1")
    refuse_reading(monkeypatch)
    with pytest.raises(
        UserError, match="cannot be read .Permission denied.; expected a split file"
    ):
        read(tmp_path, "a.jpg 0")


def test_ids_and_files_in_the_order_of_the_lines(tmp_path):
    put(tmp_path / "root" / "b" / "2 2.png", picture(0))
    split = read(tmp_path, "a/e\u0301.png 1\nb/2 2.png 0\n")
    listing = list_split(split, tmp_path / "root")
    records = list(listing.records())
    assert [record.id for record in records] == ["real/a/\u00e9.png", "real/b/2 2.png"]
    assert [record.label for record in records] == [1, 0]
    assert [record.path for record in records] == [
        tmp_path / "root" / "a" / "e\u0301.png",
        tmp_path / "root" / "b" / "2 2.png",
    ]


def test_wrong_root_is_one_error(tmp_path):
    put(tmp_path / "root" / "a" / "other.png", picture(0))
    split = read(tmp_path, "a/1.png 0\nb/2.png 1\n")
    expected = f"dataset.folder: {tmp_path / 'root'}: none of the 2 images of k: "
    with pytest.raises(UserError, match=re.escape(expected) + ".*such as a/1.png"):
        list_split(split, tmp_path / "root")


def test_file_that_is_there_alone_is_enough(tmp_path):
    put(tmp_path / "root" / "b" / "2.png", picture(0))
    split = read(tmp_path, "a/1.png 0\nb/1.png 1\nb/2.png 1\n")
    assert len(list_split(split, tmp_path / "root")) == 3


def test_files_of_a_whole_listing_are_not_asked_for(tmp_path, monkeypatch):
    put(tmp_path / "root" / "a" / "0.png", picture(0))
    split = read(tmp_path, "".join(f"a/{i}.png 0\n" for i in range(1000)))
    asked = []
    ask = split_file.leads_to_file
    monkeypatch.setattr(split_file, "leads_to_file", lambda path: asked.append(path) or ask(path))
    assert len(list_split(split, tmp_path / "root")) == 1000
    assert len(asked) == 1
