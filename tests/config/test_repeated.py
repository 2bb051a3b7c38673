"""Keys that stand twice: YAML keeps the last one, and a row of the table would be gone."""

from pathlib import Path

import pytest

from sau.config import refuse_repeated_keys
from sau.core.errors import UserError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "a stands in line 1 and in line 3"),
        ("training:\n  runs:\n    ce: {}\n    sau: {}\n    ce: {}\n", "training.runs.ce .* 3 .* 5"),
        ("a: {b: 1, b: 2}\n", "a.b stands in line 1 and in line 1"),
        ("a: [{b: 1}, {c: 1, c: 2}]\n", "a.c stands"),
        ('{"a": 1, "a": 2}', "a stands"),
    ],
)
def test_key_that_stands_twice_is_refused(tmp_path, text, message):
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=message) as error:
        refuse_repeated_keys(file)
    assert str(error.value).startswith(f"{file}: ")


@pytest.mark.parametrize(
    "text", ["", "a: {b: 1}\nb: {b: 1}\n", "base: &base {a: 1}\none: *base\ntwo: {<<: *base}\n"]
)
def test_same_key_elsewhere_is_another(tmp_path, text):
    (tmp_path / "config.yaml").write_text(text)
    refuse_repeated_keys(tmp_path / "config.yaml")


def test_configurations_of_the_project_repeat_nothing():
    files = [ROOT / "config.yaml", *(ROOT / "configs").rglob("*.yaml")]
    assert len(files) > 5
    for file in files:
        refuse_repeated_keys(file)
