"""Config files that are read without Snakemake."""

import os
from pathlib import Path

import pytest

from sau.config import read_config_file
from sau.core.errors import UserError
from tests.paths import ROOT


def test_default_config_is_read() -> None:
    assert read_config_file(ROOT / "config.yaml")["dataset"]["source"] == "digits"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"No such file or directory; name a config file$"),
        (b"a: [1", r"not a config file in YAML \(line 1, column 6: expected ',' or ']'"),
        (b"a:\n\tb: 1\n", r"not a config file in YAML \(line 2, column 1: found character '\\t'"),
        (b"a: 1\n---\nb: 2\n", "not a config file in YAML .*another document"),
        (b"a: {<<: 1}\n", "not a config file in YAML .*expected a mapping"),
        (b"a: *b\n", "not a config file in YAML .*undefined alias"),
        ("a: é\n".encode("utf-16"), "a text in UTF-16; expected UTF-8, save it"),
        ("a: é\n".encode("utf-16-le"), "a text in UTF-16 or UTF-32; expected UTF-8"),
        ("a: é\n".encode("utf-32"), "a text in UTF-32; expected UTF-8"),
        ("a: 1\nb: é\n".encode("latin-1"), "line 2 is no UTF-8 .byte 0xE9., as of a text in L"),
        (b"a: 1\nb: x\0y\n", r"line 2 holds the control character U\+0000"),
        (b"a: \x1b[31mred\n", r"line 1 holds the control character U\+001B"),
        (b"- 1\n- 2\n", "expected names with what belongs to each"),
        (b"", "expected names with what belongs to each"),
        (b"a\n", "expected names with what belongs to each"),
        (b"a: " + b"[" * 1500, "nested too deeply"),
        (b"a: " + b"9" * 2**20, "larger than 1,048,576 bytes"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_file_that_is_no_config_is_one_line(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "c.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        read_config_file(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "a device"])
def test_file_that_is_not_regular_is_not_opened(tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = {"a folder": tmp_path, "a pipe": tmp_path / "pipe", "a device": Path("/dev/zero")}[kind]
    with pytest.raises(UserError, match=f"{kind}, not a regular file; name a config file"):
        read_config_file(path)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_byte_order_mark_and_line_endings_do_not_matter(
    tmp_path: Path, mark: bytes, ending: str
) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(mark + ending.join(["a: {b: 1}", "c: é", ""]).encode())
    assert read_config_file(path) == {"a": {"b": 1}, "c": "é"}
