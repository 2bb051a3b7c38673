"""Config files that are JSON: Snakemake reads them as such before it takes them for YAML."""

import json
from pathlib import Path

import pytest

from sau.config import read_config_file
from sau.core.errors import UserError


def read(folder: Path, text: str) -> object:
    (folder / "c.json").write_text(text, encoding="utf-8")
    return read_config_file(folder / "c.json")


@pytest.mark.parametrize(
    "text",
    [
        '{\n\t"a": {\n\t\t"b": 1e5\n\t}\n}',
        '{"a": "\\ud83d\\ude00", "b": "x\\/y"}',
        '{"a": "016", "b": ["no", "1:30", null, true]}',
        ' \n{"a": -0.5e-3}',
    ],
)
def test_json_is_read_as_json(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == json.loads(text)


def test_yaml_in_braces_is_read_as_yaml(tmp_path: Path) -> None:
    assert read(tmp_path, "{a: 1e5, b: [x]}") == {"a": "1e5", "b": ["x"]}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1, "a": 2}', "a stands twice in one object"),
        ('{"a": [{"b": 1, "b": 2}]}', "b stands twice"),
        ('{"a": NaN}', "NaN is no finite number"),
        ('{"a": -Infinity}', "-Infinity is no finite number"),
        ('{"a": 1e400}', "1e400 is no finite number"),
        ('{"a": "x\\u0000"}', r"the control character U\+0000 in a text"),
        ('{"a\\u001b": 1}', r"the control character U\+001B in a text"),
        ('{"a": ["\\ud800"]}', r"the control character U\+D800 in a text"),
        ('{"a": ' + "[" * 90 + "]" * 90 + "}", "nested more than 40 deep"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "a number of 5000 digits"),
    ],
    ids=lambda value: value[:24],
)
def test_json_that_is_no_config_is_one_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'c.json'}: ")
    assert "\n" not in str(error.value)
