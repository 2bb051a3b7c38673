from collections import Counter
from itertools import islice, product

import pytest

from sau.core.errors import UserError
from sau.templates.attributes import balanced, check_attributes
from sau.templates.templates import attributes_of, check_template, fill


def first(count, phrases, *names):
    return list(islice(balanced(phrases, *names), count))


@pytest.mark.parametrize("count", [1, 3, 4, 7, 400, 402])
def test_phrases_are_as_frequent_as_each_other_at_any_number(count):
    counts = Counter(first(count, ["a", "b", "c", "d"], "seed", 1))
    assert sum(counts.values()) == count
    assert {counts[phrase] for phrase in "abcd"} <= {count // 4, -(-count // 4)}


def test_first_phrases_are_the_same_however_many_are_taken_and_follow_the_stream():
    phrases = [str(number) for number in range(10)]
    assert first(60, phrases, "x")[:17] == first(17, phrases, "x")
    assert first(60, phrases, "x") != first(60, phrases, "y")
    assert first(10, phrases, "x") != first(20, phrases, "x")[10:]


def test_attributes_side_by_side_cover_the_cells_of_their_grid():
    """Of 3 x 4 cells, 600 pairs have each about 50 times: none is left out, as in a fixed cycle."""
    pairs = Counter(zip(first(600, "abc", "x"), first(600, "wxyz", "y"), strict=True))
    assert set(pairs) == set(product("abc", "wxyz"))
    assert min(pairs.values()) > 25


def test_one_phrase_is_always_that_one():
    assert first(3, ["on a beach"], "x") == ["on a beach"] * 3


def test_gaps_are_filled_and_named_in_their_order():
    template = "A {style} of {article} {name} {place}, {style}."
    assert attributes_of(template) == ("style", "place")
    text = fill(template, "owl", None, {"style": "sketch", "place": "at {night}"})
    assert text == "A sketch of an owl at {night}, sketch."


def test_template_may_have_known_gaps_alone():
    check_template("{name} {place}", "templates", ["place"])
    with pytest.raises(UserError, match=r"no other placeholder than \{article\}, \{place\}"):
        check_template("{name} {light}", "templates", ["place"])


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"Place": ["x"]}, "attributes.Place: no name of an attribute"),
        ({"name": ["x"]}, "other than name and article"),
        ({"place": []}, "empty"),
        ({"place": ["x", " "]}, "something in it"),
        ({"place": ["x", 3]}, "something in it"),
        ({"place": ["x", "x"]}, "there twice"),
        ({"place": 1}, "2 to 100"),
        ({"place": 101}, "2 to 100"),
        ({"place": True}, "must be a list of phrases"),
        ({"place": "x"}, "must be a list of phrases"),
        ({"place": "backgrounds"}, "the name of a shipped list: backgrounds-20, styles-20"),
    ],
)
def test_attribute_that_will_not_do_is_refused(attributes, message):
    with pytest.raises(UserError) as raised:
        check_attributes(attributes, "prompts.attributes")
    assert message in str(raised.value)
    assert str(raised.value).startswith("prompts.attributes.")
