import json

import pytest

from sau.pipeline.prompts.llm.answers import is_answer, read_answer
from sau.pipeline.prompts.llm.content import THINKING_ALONE
from tests.pipeline.prompts.llm.loopback import completion


def message(**fields):
    """Return the body of a chat completion with such a message."""
    return json.dumps({"choices": [{"message": fields, "finish_reason": "stop"}]})


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
        ({"choices": [None]}, "empty"),
        (completion(None, reasoning="Hm."), "empty"),
        (message(content=None, reasoning_content="Hm."), "thinking alone, no answer after it"),
        (message(content="<think>Hm."), "thinking alone, no answer after it"),
        (message(content=[{"type": "thinking", "thinking": "Hm."}]), THINKING_ALONE),
        (message(content=None, tool_calls=[{"id": "a"}]), "a call of a tool in place of a text"),
        (message(content=[{"type": "refusal", "refusal": "No."}]), "refused"),
        (message(content=[{"type": "image_url"}]), "no text but image_url"),
        (message(content=[]), "empty"),
        (message(content=[{"type": "text", "text": None}, {"type": "text", "text": 3}]), "empty"),
        (message(content=3.5), "no text but a number"),
        (message(content=True), "no text but true or false"),
        (message(content={"a": "b"}), "no text but an object"),
        (message(content="Let me know if you want a bee!"), "talk without a prompt"),
        (message(content="\0\u200b"), "empty"),
        (message(content="A bee.\n" * 30_000), "210,000 characters, at most 200,000"),
        ("{" * 100_000, "no chat completion"),
    ],
)
def test_answer_without_a_text_says_why(body, problem):
    answer = read_answer(body if isinstance(body, str) else json.dumps(body), 1)
    assert (answer.texts, answer.problem) == ((), problem)


@pytest.mark.parametrize(
    "content",
    [
        ["A bee."],
        [{"type": "text", "text": "A bee."}],
        [{"type": "thinking", "thinking": "Hm."}, {"type": "output_text", "text": "A bee."}],
        [{"text": {"value": "A bee."}}],
        {"type": "text", "text": "A bee."},
    ],
)
def test_text_in_parts_is_read(content):
    assert read_answer(message(content=content), 1).texts == ("A bee.",)


def test_characters_that_no_file_holds_are_left_out():
    body = message(content="A bee. \ud83d\n\0Two\u202e bees.").replace("stop", "stop\\udc00")
    answer = read_answer(body[:-1] + ', "model": "gpt\\ud83d-4\\n"}', 2)
    assert answer.texts == ("A bee.", "Two bees.")
    assert answer.model.encode() == b"gpt\xef\xbf\xbd-4"
    assert answer.removed == {"invisible and broken characters": 1}


def test_removals_are_counted():
    text = "<think>Hm.</think>Sure! Two prompts:\n1. **A bee.**\n2. A wasp.\nLet me know!"
    assert read_answer(message(content=text), 2).removed == {
        "list marks, labels and quotation marks": 2,
        "talk and titles around prompts": 2,
        "thinking": 1,
    }


@pytest.mark.parametrize("count", ["null", "-3", "3.0", '"3"', "true", "NaN", "1e400", "9" * 12])
def test_tokens_that_the_server_does_not_count_are_unknown(count):
    usage = f'{{"prompt_tokens": 3, "completion_tokens": {count}}}'
    assert read_answer(f'{{"choices": [], "usage": {usage}}}', 1).tokens is None
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
        ("[" * 100_000, False),
    ],
)
def test_body_is_an_answer_or_not(body, is_one):
    assert is_answer(body) is is_one


def test_answer_that_an_earlier_version_stored_and_none_can_read_is_a_problem():
    answer = read_answer('{"choices": ' + "[" * 10**5 + "]" * 10**5 + "}", 1)
    assert (answer.texts, answer.problem, answer.tokens) == ((), "no chat completion", None)
