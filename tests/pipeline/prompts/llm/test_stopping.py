import threading
import time

import pytest

from sau.core.errors import UserError
from tests.pipeline.prompts.llm.conftest import KEY
from tests.pipeline.prompts.llm.loopback import Loopback, Reply, error, good


@pytest.mark.usefixtures("no_key_anywhere")
@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (401, "invalid_api_key", f"Incorrect API key provided: {KEY}."),
        (404, "model_not_found", "no such model"),
        (429, "insufficient_quota", "You exceeded your current quota."),
    ],
)
def test_error_that_will_not_pass_stops_the_stage_at_once(stage, status, code, message):
    def reply(call):
        return good(call) if call.class_name() == "bee" else Reply(error(message, code), status)

    with Loopback(reply) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee", "owl"], concurrency=1)
    assert f"HTTP {status}" in str(raised.value)
    assert message.replace(KEY, "[key]") in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(server.calls) == 2
    assert [line["class_name"] for line in stage.stored()] == ["bee"]
    assert not stage.output.exists()


def test_requests_under_way_end_and_are_kept_when_another_stops_the_stage(stage):
    def reply(call):
        while len(server.calls) < 3:
            time.sleep(0.01)
        if call.class_name() == "owl":
            return Reply(error("no such model"), 404)
        time.sleep(0.2)
        return good(call)

    with Loopback(reply) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee", "owl", "ant", "cat"], concurrency=3)
    assert "no such model" in str(raised.value)
    assert {line["class_name"] for line in stage.stored()} == {"bee", "ant"}
    assert len(server.calls) == 3


def test_server_that_stays_down_stops_the_stage_and_keeps_what_it_gave(stage):
    def reply(call):
        return good(call) if call.class_name() == "bee" else Reply(error("down"), 503)

    with Loopback(reply) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee", "owl", "ant"], concurrency=1, max_retries=2)
    assert "failed 3 times in a row, at last: HTTP 503" in str(raised.value)
    assert len(server.calls) == 4
    assert len(stage.stored()) == 1


def test_wait_beyond_the_longest_stops_the_stage(stage):
    def reply(call):
        return Reply(error("tomorrow"), 429, {"Retry-After": "86400"})

    with Loopback(reply) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee"])
    assert "asks to wait 86400 s" in str(raised.value)


def test_retry_after_is_not_waited_for_once_the_stage_is_stopped(stage):
    held = threading.Event()

    def reply(call):
        if call.class_name() == "bee":
            held.set()
            return Reply(error("slow down"), 429, {"Retry-After": "60"})
        held.wait(10)
        time.sleep(0.3)
        return Reply(error("no such model"), 404)

    with Loopback(reply) as server, pytest.raises(UserError, match="no such model"):
        started = time.monotonic()
        stage.run(server.url, ["bee", "owl", "ant"], concurrency=2)
    assert time.monotonic() - started < 30
    assert len(server.calls) == 2


def test_retry_after_holds_all_requests_back(stage):
    times = []

    def reply(call):
        times.append(time.monotonic())
        if call.number == 0:
            return Reply(error("slow down"), 429, {"Retry-After": "1"})
        return good(call)

    with Loopback(reply) as server:
        stage.run(server.url, ["bee", "owl"], concurrency=1)
    assert times[1] - times[0] >= 1
