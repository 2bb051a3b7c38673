"""What YAML reads otherwise than it looks: a key that stands twice, `016`, `1:30`, aliases."""

import pytest

from sau.config import read_config_file
from sau.core.errors import UserError
from tests.paths import ROOT

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9)
)
"""Nine lines that stand for 9 ** 9 values."""


def read(folder, text):
    (folder / "config.yaml").write_text(text)
    return read_config_file(folder / "config.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "a stands in line 1 and in line 3"),
        ("training:\n  runs:\n    ce: {}\n    sau: {}\n    ce: {}\n", "training.runs.ce .* 3 .* 5"),
        ("a: {b: 1, b: 2}\n", "a.b stands in line 1 and in line 1"),
        ("a: [{b: 1}, {c: 1, c: 2}]\n", "a.c stands"),
        ("{a: 1, 'a': 2}", "a stands"),
        ("a: 1\n'a': 2\n", "a stands"),
    ],
)
def test_key_that_stands_twice_is_refused(tmp_path, text, message):
    with pytest.raises(UserError, match=message) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'config.yaml'}: ")


@pytest.mark.parametrize(
    "text",
    ["a: {b: 1}\nb: {b: 1}\n", "base: &base {a: 1}\none: *base\ntwo: {<<: *base, b: 2}\n"],
)
def test_key_of_one_name_elsewhere_is_another(tmp_path, text):
    assert read(tmp_path, text)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("016", "016 is an octal number in YAML; drop the leading zero"),
        ("-07", "-07 is an octal number"),
        ("1:30", "1:30 is a number to base 60"),
        ("1:30.5", "1:30.5 is a number to base 60"),
        (".nan", ".nan is no finite number"),
        ("-.INF", "-.INF is no finite number"),
        ("1.0e+400", ".* is no finite number"),
        ("9" * 5000, "a number of 5000 digits; expected at most 40"),
        ("2001-01-01", "2001-01-01 is a date to YAML; put it in quotes"),
        ("2001-99-99", ".* is a date"),
        ("[cat, no]", "no in a list is a switch to YAML; put it in quotes"),
        ("[On]", "On in a list is a switch"),
        ("=", "= has a meaning of its own"),
        ("!!int x", "the tag !!int; write the value without it"),
        ("!!bool x", "the tag !!bool"),
        ("!!timestamp x", "the tag !!timestamp"),
        ("!!binary x", "the tag !!binary"),
        ("!!set {x}", "the tag !!set"),
        ("!mine x", "the tag !mine"),
        ("!!python/object/apply:os.system ['true']", "the tag !!python/object/apply:os.system"),
        ('"a\\0b"', r"the control character U\+0000 in a text"),
        ('"\\ud800"', r"the control character U\+D800 in a text"),
        ("{[a]: 1}", "a list or mapping as a key"),
        ("&x [*x]", "nested more than 40 deep, or within itself by an alias"),
        ("[" * 45 + "]" * 45, "nested more than 40 deep"),
    ],
)
def test_value_that_yaml_reads_otherwise_is_refused(tmp_path, value, problem):
    with pytest.raises(UserError, match=f"line 1: {problem}") as error:
        read(tmp_path, f"a: {value}\n")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("'016'", "016"),
        ("!!str 016", "016"),
        ("0", 0),
        ("0x1F", 31),
        ("1_6", 16),
        ("0.5", 0.5),
        ("1.5e+3", 1500.0),
        ("[true, 'no']", [True, "no"]),
        ("off", False),
        ("~", None),
    ],
)
def test_value_that_is_meant_is_read(tmp_path, value, meant):
    assert read(tmp_path, f"a: {value}\n") == {"a": meant}


def test_aliases_are_counted_as_what_they_stand_for(tmp_path):
    with pytest.raises(UserError, match="more than 200,000 values, with aliases"):
        read(tmp_path, LAUGHS)


def test_configurations_of_the_project_are_read():
    files = [ROOT / "config.yaml", *(ROOT / "configs").rglob("*.yaml")]
    assert len(files) > 5
    for file in files:
        assert read_config_file(file)
