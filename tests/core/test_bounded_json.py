import json

import pytest

from sau.core.bounded_json import MOST_NESTED, read_json


def nested(levels, opening="[", closing="]"):
    return opening * levels + closing * levels


@pytest.mark.parametrize("text", [nested(MOST_NESTED), '{"a": "[[[{{\\"[["}' + " " * 9])
def test_json_is_read(text):
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        nested(MOST_NESTED + 1),
        nested(200_000),
        "[" * 200_000,
        '{"a":' * 200_000,
        '{"a": "\\"[", "b": ' + nested(200_000) + "}",
        "no JSON",
        "",
        '"' + '\\"' * 10**6,
    ],
)
def test_text_that_is_no_json_or_too_deep_is_a_value_error(text):
    with pytest.raises(ValueError, match="nested deeper|Expecting|Unterminated"):
        read_json(text)


@pytest.mark.parametrize("text", ["[" + "[]," * 10**5 + "[]]", json.dumps("[" * 10**5)])
def test_lists_side_by_side_or_in_a_text_are_not_deep(text):
    assert read_json(text) == json.loads(text)


def test_number_of_many_digits_is_no_integer():
    assert read_json("[7, -12345678901234567890]") == [7, -12345678901234567890.0]
    assert read_json(f"[{'9' * 5000}]") == [float("inf")]
