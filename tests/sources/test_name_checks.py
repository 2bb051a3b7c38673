import pytest

from sau.core.errors import UserError
from sau.sources.name_checks import check_class_names


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
