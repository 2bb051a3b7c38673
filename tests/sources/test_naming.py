from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.sources.naming import natural_key, order_classes, stable_name


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


def test_given_names_order_the_classes_or_title_them():
    assert order_classes(["b", "a"], [], "here")[0] == ["a", "b"]
    assert order_classes(["dog", "cat"], ["Dog", "cat"], "here")[0] == ["dog", "cat"]
    assert order_classes(["n2", "n10"], ["tench", "goldfish"], "here")[0] == ["n2", "n10"]


def test_given_names_must_fit_all_or_none():
    with pytest.raises(UserError, match="3 names, but here has 2 classes"):
        order_classes(["a", "b"], ["a", "b", "c"], "here")
    with pytest.raises(UserError, match="'dogs' is no class of here, though 'cat' is"):
        order_classes(["cat", "dog"], ["cat", "dogs"], "here")


def test_names_of_a_source_with_an_order_of_its_own_keep_it():
    assert order_classes(["b", "a"], [], "here", natural=False)[0] == ["b", "a"]
    assert order_classes(["b", "a"], ["a", "b"], "here", natural=False)[0] == ["a", "b"]
    assert order_classes(["b", "a"], ["x", "y"], "here", natural=False)[0] == ["b", "a"]
