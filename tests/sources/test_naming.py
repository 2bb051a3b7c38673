from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.sources.naming import (
    label_of,
    labels_by_plain_name,
    natural_key,
    order_classes,
    stable_name,
)

FRUIT = ["apple", "prickly pear", "10"]


def label(name, class_names=FRUIT):
    return label_of(name, class_names, "here", labels_by_plain_name(class_names))


def test_numbers_sort_as_numbers():
    names = ["10", "9", "a10b", "a2b", "a", "02", "2", "b/10", "b/9", ""]
    assert sorted(names, key=natural_key) == [
        "",
        "02",
        "2",
        "9",
        "10",
        "a",
        "a2b",
        "a10b",
        "b/9",
        "b/10",
    ]


def test_ids_do_not_depend_on_the_system():
    assert stable_name(Path("cafe\u0301") / "1.png") == "caf\u00e9/1.png"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("apple", 0), ("Apple", 0), ("prickly_pear", 1), ("Prickly-Pear", 1), ("1", 1), ("10", 2)],
)
def test_a_class_is_found_by_name_spelling_or_index(name, expected):
    assert label(name) == expected


@pytest.mark.parametrize("name", ["aple", "3", "-1", "", "\u00b2"])
def test_an_unknown_class_is_refused(name):
    with pytest.raises(UserError, match="here: no class is called"):
        label(name)


def test_an_unknown_class_hints_at_the_nearest():
    with pytest.raises(UserError, match="did you mean 'apple'"):
        label("appel")


def test_two_classes_of_one_name_are_told_apart_by_index_only():
    assert label("1", ["crane", "crane"]) == 1
    with pytest.raises(UserError, match=r"classes \[0, 1\]"):
        label("crane", ["crane", "crane"])


def test_an_exact_name_comes_before_a_spelling():
    names = ["Crane", "crane", "CRANE"]
    assert [label(name, names) for name in names] == [0, 1, 2]
    with pytest.raises(UserError, match=r"'cRANE' is the name of classes \[0, 1, 2\]"):
        label("cRANE", names)


def test_given_names_order_the_classes_or_title_them():
    assert order_classes(["b", "a"], [], "here")[0] == ["a", "b"]
    assert order_classes(["dog", "cat"], ["Dog", "cat"], "here")[0] == ["dog", "cat"]
    assert order_classes(["n2", "n10"], ["tench", "goldfish"], "here")[0] == ["n2", "n10"]


def test_given_names_must_fit_all_or_none():
    with pytest.raises(UserError, match="3 names, but here has 2 classes"):
        order_classes(["a", "b"], ["a", "b", "c"], "here")
    with pytest.raises(UserError, match="'dogs' is no class of here, though 'cat' is"):
        order_classes(["cat", "dog"], ["cat", "dogs"], "here")
