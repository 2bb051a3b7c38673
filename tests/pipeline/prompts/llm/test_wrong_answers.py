"""Answers of status 200 that are none: their words are shown, and only some are asked again."""

import json

import pytest

from sau.core.errors import UserError
from tests.pipeline.prompts.llm.conftest import KEY
from tests.pipeline.prompts.llm.loopback import Loopback, Reply, completion, good

PERMANENT = {
    "words": ({"error": "Unexpected endpoint or method."}, "Unexpected endpoint or method."),
    "message": ({"error": {"message": "no such model"}}, "no such model"),
    "code": ({"error": {"message": "bad", "code": 400}}, "bad"),
    "money": ({"error": {"message": "pay", "code": "insufficient_quota"}}, "pay"),
    "detail": ({"detail": [{"msg": "field required"}]}, "field required"),
    "no choices": ({"choices": None, "usage": None}, '{"choices": null, "usage": null}'),
    "list": ([1, 2], "1"),
    "text": ("hello", "hello"),
    "number": (7, "7"),
    "null": (None, "null"),
    "native API": ({"message": {"content": "A bee."}, "done": True}, "no chat completion"),
}


def stopped(stage, reply, **values):
    with Loopback(reply) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee", "owl"], concurrency=1, max_retries=2, **values)
    assert "\n" not in str(raised.value)
    return str(raised.value), server


@pytest.mark.parametrize(("body", "words"), PERMANENT.values(), ids=PERMANENT)
def test_answer_of_another_kind_is_asked_for_once_and_shown(stage, body, words):
    said, server = stopped(stage, lambda call: Reply(json.dumps(body)))
    assert words in said
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("<html><head><title>x</title></head><b>Log&nbsp;in</b></html>", "text/html", "Log in"),
        ("404 page not found", "text/plain", "404 page not found"),
        ('data: {"choices": []}\n\ndata: [DONE]\n\n', "text/event-stream", "data: "),
    ],
)
def test_page_is_asked_for_once_and_shown(stage, body, kind, words):
    said, server = stopped(stage, lambda call: Reply(body, headers={"Content-Type": kind}))
    assert words in said
    assert "is it the right address? Most end in /v1" in said
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": "Provider returned error", "code": 502}}',
        '{"error": {"message": "slow", "code": "429"}}',
        '{"error": "model is loading, try again later"}',
        '{"error": {"message": "x", "type": "overloaded_error"}}',
        '{"choices": [{"message": {"content": "A be',
        "",
        " \n",
    ],
)
def test_error_that_may_pass_is_asked_again_and_shown(stage, body):
    said, server = stopped(stage, lambda call: Reply(body))
    assert "failed 3 times in a row, at last: no answer of the expected form" in said
    assert len(server.calls) == 3


def test_odd_answer_of_a_server_that_has_answered_is_asked_again(stage):
    def reply(call):
        return Reply("<html>restarting</html>") if call.number == 1 else good(call)

    with Loopback(reply) as server:
        table = stage.run(server.url, ["bee", "owl"], concurrency=1)
    assert table["source"].tolist() == ["llm", "llm"]
    assert len(server.calls) == 3


def test_filter_of_the_server_may_come_with_status_200(stage):
    body = '{"error": {"message": "filtered", "code": "content_filter"}}'
    with Loopback(lambda call: Reply(body)) as server:
        table = stage.run(server.url, ["bee"], ask_again=0)
    assert len(server.calls) == 1
    assert table["reason"].tolist() == ["answers that would not do: 1 x refused"]


@pytest.mark.usefixtures("no_key_anywhere")
def test_key_that_is_spread_over_an_answer_is_not_stored(stage):
    body = json.loads(completion("A bee."))
    with Loopback(lambda call: Reply(json.dumps({**body, "key": list(KEY)}))) as server:
        stage.run(server.url, ["bee"], ask_again=0)
    (line,) = stage.stored()
    assert json.loads(line["body"]) == {**body, "key": ["[key]"]}


def test_answer_that_is_none_without_the_key_is_not_asked_for_again(stage, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "12345678")
    said, server = stopped(stage, lambda call: Reply('{"choices": [], "created": 12345678}'))
    assert "it repeats the key, and is no JSON without it" in said
    assert len(server.calls) == 1


@pytest.mark.usefixtures("no_key_anywhere")
@pytest.mark.parametrize("written", [KEY.replace("-", "\\u002d"), KEY.replace("-", "%2D")])
def test_key_that_is_escaped_in_an_answer_is_not_stored(stage, written):
    def reply(call):
        body = good(call).body.replace('"chatcmpl-1"', f'"{written}"')
        return Reply(body.replace('"gpt-4"', f'"model of {written}"'))

    with Loopback(reply) as server:
        stage.run(server.url, ["bee"])
    (line,) = stage.stored()
    assert written not in line["body"]
    assert json.loads(line["body"])["model"] == "model of [key]"


@pytest.mark.parametrize(
    "usage", [-5, 10**4000, 1.5, "12", None, True, [3]], ids=lambda usage: repr(usage)[:5]
)
def test_count_that_is_none_stops_nothing_and_is_said_once(stage, usage, caplog):
    def reply(call):
        body = json.loads(good(call).body)
        return Reply(
            json.dumps({**body, "usage": {"prompt_tokens": usage, "completion_tokens": 1}})
        )

    prices = {"gpt-4": {"input": 30, "output": 60}}
    with Loopback(reply) as server:
        stage.run(server.url, ["bee", "owl"], prices=prices, max_cost=1)
        stage.run(server.url, ["bee", "owl"], prices=prices, max_cost=1)
    assert len(server.calls) == 2
    assert caplog.text.count("no count of tokens") == 1


def test_limit_of_cost_holds_against_a_server_that_counts_below_zero(stage):
    def reply(call):
        body = json.loads(good(call).body)
        counts = {"prompt_tokens": -1_000_000, "completion_tokens": -1_000_000}
        return Reply(json.dumps({**body, "usage": counts}))

    with Loopback(reply) as server, pytest.raises(UserError, match=r"prompts\.max_cost"):
        stage.run(server.url, ["bee"], per_class=30, concurrency=1, max_cost=0.205)
    assert len(server.calls) < 30
