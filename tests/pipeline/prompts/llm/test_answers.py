import json

import pytest

from sau.pipeline.prompts.llm.answers import is_answer, read_answer
from tests.pipeline.prompts.llm.loopback import completion


def test_text_the_model_and_the_tokens_are_read():
    answer = read_answer(completion(" A bee. ", tokens=(61, 22), model="gpt-4-0613"), 1)
    assert answer.texts == ("A bee.",)
    assert (answer.problem, answer.model, answer.tokens) == (None, "gpt-4-0613", (61, 22))


def test_lines_are_each_a_prompt_without_its_number():
    text = "1. A bee.\n\n2) Two bees.\n- Some bees.\n\u2022 4 bees."
    texts = read_answer(completion(text), 4).texts
    assert texts == ("A bee.", "Two bees.", "Some bees.", "4 bees.")


def test_prompt_that_the_token_limit_cut_is_left_out():
    assert read_answer(completion("A bee. And", finish="length"), 1).problem == (
        "cut off at the token limit"
    )
    assert read_answer(completion("A bee.\nTwo b", finish="length"), 2).texts == ("A bee.",)
    assert read_answer(completion("A b", finish="length"), 2).texts == ()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (completion(None, refusal="I won't."), "refused"),
        (completion("A bee.", finish="content_filter"), "refused"),
        ({"error": {"code": "content_filter"}}, "refused"),
        (completion(None), "empty"),
        (completion("  "), "empty"),
        ({"choices": []}, "empty"),
        ({"choices": [{}]}, "empty"),
        ({"choices": [{"message": {"content": ["A bee."]}}]}, "empty"),
        ({"choices": [None]}, "empty"),
    ],
)
def test_answer_without_a_text_says_why(body, problem):
    answer = read_answer(body if isinstance(body, str) else json.dumps(body), 1)
    assert (answer.texts, answer.problem) == ((), problem)


def test_tokens_that_the_server_does_not_count_are_unknown():
    assert read_answer('{"choices": [], "usage": null}', 1).tokens is None
    assert read_answer('{"choices": [], "usage": {"prompt_tokens": 3}}', 1).tokens is None


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        (completion("A bee."), True),
        ('{"choices": []}', True),
        ('{"choices": [{"mess', False),
        ("", False),
        ("<html>Bad gateway</html>", False),
        ("[1]", False),
        ('{"error": "no"}', False),
    ],
)
def test_body_is_an_answer_or_not(body, is_one):
    assert is_answer(body) is is_one


def test_answer_that_an_earlier_version_stored_and_none_can_read_is_a_problem():
    answer = read_answer('{"choices": ' + "[" * 10**5 + "]" * 10**5 + "}", 1)
    assert (answer.texts, answer.problem, answer.tokens) == ((), "no chat completion", None)
