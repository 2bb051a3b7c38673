import pytest

from sau.core.errors import UserError
from sau.sources.name_checks import check_class_names, warn_of_alike


def test_names_of_all_scripts_are_left_alone():
    check_class_names(
        ["cat", "a/b", "..", "CON", "-x", "=1+1", "لا \u200f", "猫", "e\u0301", "a" * 500], "w"
    )


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a\nb", r"'a b', holds the control character U\+000A"),
        ("a\0b", r"U\+0000; rename it"),
        ("\x1b[31mred", r"U\+001B"),
        ("a\u2028b", r"U\+2028"),
        ("a\ud800", r"U\+D800"),
        ("x" * 501, "has 501 characters; expected at most 500"),
    ],
)
def test_name_that_prompts_cannot_hold_is_one_line(name, problem):
    with pytest.raises(UserError, match=f"^w: the name of class 1, .*{problem}") as error:
        check_class_names(["cat", name], "w")
    assert str(error.value).isprintable()


@pytest.mark.parametrize("twin", ["Cat", "CAT", "cat_", "\uff43at", "cat "])
def test_names_that_look_alike_are_said(twin, caplog):
    warn_of_alike(["cat", "dog", twin], "w")
    (line,) = caplog.messages
    assert f"w: classes 'cat' and '{twin.strip()}' differ in case or spaces only" in line


def test_names_that_differ_are_not(caplog):
    warn_of_alike(["cat", "cats", "1", "-1", "01", "\u00e9lan", "elan"], "w")
    assert not caplog.messages
