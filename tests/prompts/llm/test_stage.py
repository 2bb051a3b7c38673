import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from sau.errors import UserError
from sau.flags import to_flags
from sau.manifest import read_metadata
from tests.prompts.llm.conftest import KEY
from tests.prompts.llm.loopback import Loopback, Reply, completion, error, good_text
from tests.workflow.project import ROOT

WORDS = ["amber", "birch", "cedar", "delta", "ember", "flint", "grove", "heron", "ivory", "jade"]
CLASSES = [
    f"{one} {two}" for one in WORDS for two in (["stone", "fish", "cart", "tower", "moth"] * 2)
]
CLASSES = [f"{name} {'ab'[i % 10 // 5]}x" for i, name in enumerate(CLASSES)]

HANGS = (30, 120, 210, 301)
"""Calls that get no answer; all early, so that other calls fill the wait."""


def good(call):
    """Answer well, each time with another prompt."""
    return Reply(completion(good_text(call.class_name(), call.number)))


def misbehaving(call):
    """Answer every third call or so in one of the ways in which servers fail."""
    name = call.class_name()
    text = good_text(name, call.number)
    ways = {
        1: Reply(error("slow down"), 429, {"Retry-After": "0.05"}),
        4: Reply(error(f"the key {KEY} broke me"), 500),
        10: Reply(fate="reset"),
        13: Reply(completion(text), fate="half"),
        16: Reply('{"choices": [{"message": {"content": "A ' + name),
        19: Reply('{"choices": []}'),
        22: Reply(completion(f"Una foto de la clase {name} con alas rojas y cielo azul.")),
        25: Reply(completion(f"A {name} with the " + "very " * 9_996 + "end.")),
        28: Reply(completion(good_text(name, 1))),
        31: Reply(completion(f"I'm sorry, but I can't describe the {name}.")),
        34: Reply(completion(text, system_fingerprint=f"Bearer {KEY}")),
        37: Reply("<html>502 Bad Gateway</html>", 502, {"Content-Type": "text/html"}),
        40: Reply(error("overloaded"), 503, {"retry-after-ms": "30"}),
    }
    if call.number in HANGS:
        return Reply(fate="hang")
    return ways.get(call.number % 43, Reply(completion(text)))


@pytest.mark.slow
@pytest.mark.usefixtures("no_key_anywhere")
def test_a_thousand_prompts_from_a_server_that_misbehaves(stage, caplog):
    assert len(set(CLASSES)) == 100
    with Loopback(misbehaving) as server:
        table = stage.run(
            *(server.url, CLASSES),
            **{"per_class": 10, "concurrency": 16, "timeout": 4.0, "ask_again": 8},
        )
    assert table["label"].value_counts().to_dict() == dict.fromkeys(range(100), 10)
    assert table["id"].is_unique
    assert set(table["source"]) == {"llm"}
    assert table["prompt"].is_unique
    assert table["prompt"].str.split().str.len().max() <= 50
    assert all(row.class_name in row.prompt for row in table.itertuples())
    assert {call.headers["authorization"] for call in server.calls} == {f"Bearer {KEY}"}
    stored = stage.stored()
    assert len({line["key"] for line in stored}) == len(stored)
    fates = Counter(call.number % 43 for call in server.calls)
    transient = len(HANGS) + sum(fates[way] for way in (1, 4, 10, 13, 16, 37, 40))
    assert transient > 100
    assert len(server.calls) - transient == len(stored) >= 1000
    for reason in ("slow down", "the key [key] broke me", "no answer in time", "connection lost"):
        assert reason in caplog.text


def test_the_order_of_answers_changes_no_byte(stage):
    def late(call):
        time.sleep(random.random() * 0.02)
        name = call.class_name()
        return Reply(completion(good_text(name, CLASSES.index(name))))

    files = []
    with Loopback(late) as server:
        for concurrency in (1, 16):
            stage.answers.unlink(missing_ok=True)
            stage.run(server.url, CLASSES[:40], concurrency=concurrency)
            files.append(stage.output.read_bytes())
        lines = stage.answers.read_text().splitlines(keepends=True)
        stage.answers.write_text("".join(random.Random(1).sample(lines, len(lines))))
        stage.run(server.url, CLASSES[:40])
        files.append(stage.output.read_bytes())
    assert len(server.calls) == 80
    assert files[0] == files[1] == files[2]


def test_a_changed_class_list_asks_only_for_the_new_classes(stage):
    with Loopback(good) as server:
        first = stage.run(server.url, ["bee", "owl"], per_class=2)
    with Loopback(good) as server:
        second = stage.run(server.url, ["owl", "ant", "bee"], per_class=2)
    assert {call.class_name() for call in server.calls} == {"ant"}
    assert len(server.calls) == 2
    for name in ("bee", "owl"):
        before, after = (t[t["class_name"] == name]["prompt"].tolist() for t in (first, second))
        assert before == after


def test_more_prompts_a_class_ask_only_for_the_difference(stage):
    with Loopback(good) as server:
        first = stage.run(server.url, ["bee", "owl"], per_class=3)
        second = stage.run(server.url, ["bee", "owl"], per_class=5)
    assert len(server.calls) == 10
    assert set(first["prompt"]) < set(second["prompt"])


def test_two_classes_of_one_name_are_asked_about_once_and_said(stage, caplog):
    with Loopback(good) as server:
        table = stage.run(server.url, ["crane", "bee", "crane"], per_class=2)
    assert Counter(call.class_name() for call in server.calls) == {"crane": 2, "bee": 2}
    prompts = [table[table["label"] == label]["prompt"].tolist() for label in (0, 2)]
    assert prompts[0] == prompts[1]
    assert "classes 0 and 2 are all called 'crane'" in caplog.text


def test_a_class_may_keep_to_templates(stage):
    classes = {"baby": {"source": "template", "templates": ["A {name} doll."]}}
    with Loopback(good) as server:
        table = stage.run(server.url, ["bee", "baby"], classes=classes)
    assert [call.class_name() for call in server.calls] == ["bee"]
    assert table["source"].tolist() == ["llm", "template"]
    assert table["prompt"].iloc[1] == "A baby doll."


def test_with_all_answers_there_no_key_and_no_server_is_needed(stage, monkeypatch):
    with Loopback(good) as server:
        first = stage.run(server.url, ["bee"], per_class=2)
    monkeypatch.delenv("OPENAI_API_KEY")
    assert stage.run(server.url, ["bee"], per_class=2).equals(first)


@pytest.mark.slow
@pytest.mark.usefixtures("no_key_anywhere")
def test_a_killed_run_pays_for_nothing_twice(stage, real_images):
    """The process is killed while answers come in; the second run asks for the others alone."""
    settings = {"per_class": 4, "concurrency": 2}

    def slowly(call):
        time.sleep(0.01)
        return good(call)

    with Loopback(slowly) as server:
        flags = to_flags(stage.settings(server.url, **settings))
        images = real_images(*CLASSES)
        paths = f"--train-images {images} --output {stage.output} --answers {stage.answers}"
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {sys.executable} -m sau prompts {paths} {flags}"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.DEVNULL,
        )
        while len(server.calls) < 60 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        whole = stage.answers.read_bytes().count(b"\n")
        asked = len(server.calls)
        assert asked - 3 <= whole <= asked
        table = stage.run(server.url, CLASSES, **settings)
    assert len(server.calls) - asked == 400 - whole
    assert len(table) == 400
    assert set(table["source"]) == {"llm"}


def test_what_would_not_do_is_asked_for_again_and_at_last_replaced(stage, caplog):
    def reply(call):
        name = call.class_name()
        bad = {"owl": "A photo of a bird in the wood.", "ant": "I'm sorry, but I can't do the ant."}
        return Reply(completion(bad[name])) if name in bad else good(call)

    with Loopback(reply) as server:
        table = stage.run(server.url, ["bee", "owl", "ant"], per_class=2, ask_again=1)
    asked = Counter(call.class_name() for call in server.calls)
    assert asked == {"bee": 2, "owl": 4, "ant": 4}
    assert table["source"].tolist() == ["llm"] * 2 + ["template_after_llm"] * 4
    assert table["prompt"].tolist()[2:] == ["A photo of an owl."] * 2 + ["A photo of an ant."] * 2
    assert table["reason"].iloc[2] == "answers that would not do: 4 x does not name the class"
    assert table["reason"].iloc[4] == "answers that would not do: 4 x refused"
    assert "4 of 6 prompts are templates" in caplog.text


def test_near_duplicates_are_asked_for_again(stage):
    def reply(call):
        return Reply(completion(good_text(call.class_name(), call.number // 3)))

    with Loopback(reply) as server:
        table = stage.run(server.url, ["bee"], per_class=3, concurrency=1, ask_again=9)
    assert table["prompt"].tolist() == [good_text("bee", number) for number in range(3)]
    assert len(server.calls) == 7  # 0 0 0, then 1 1, then 1, then 2


def test_one_request_may_give_several_prompts(stage):
    def reply(call):
        texts = [good_text(call.class_name(), 10 * call.number + i) for i in range(4)]
        return Reply(completion("\n".join(f"{i}. {text}" for i, text in enumerate(texts))))

    with Loopback(reply) as server:
        table = stage.run(server.url, ["bee", "owl"], per_class=6, prompts_per_request=4)
    assert len(server.calls) == 4
    assert table["prompt"].is_unique
    assert set(table["source"]) == {"llm"}


def test_a_filter_of_the_server_is_a_refusal(stage):
    def reply(call):
        return Reply(error("filtered", "content_filter"), 400)

    with Loopback(reply) as server:
        table = stage.run(server.url, ["bee"], ask_again=1)
        stage.run(server.url, ["bee"], ask_again=1)
    assert len(server.calls) == 2
    assert table["reason"].iloc[0] == "answers that would not do: 2 x refused"


@pytest.mark.usefixtures("no_key_anywhere")
@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (401, "invalid_api_key", f"Incorrect API key provided: {KEY}."),
        (404, "model_not_found", "no such model"),
        (429, "insufficient_quota", "You exceeded your current quota."),
    ],
)
def test_what_will_not_pass_stops_the_stage_at_once(stage, status, code, message):
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


def test_a_server_that_stays_down_stops_the_stage_and_keeps_what_it_gave(stage):
    def reply(call):
        return good(call) if call.class_name() == "bee" else Reply(error("down"), 503)

    with Loopback(reply) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee", "owl", "ant"], concurrency=1, max_retries=2)
    assert "failed 3 times in a row, at last: HTTP 503" in str(raised.value)
    assert len(server.calls) == 4
    assert len(stage.stored()) == 1


def test_a_wait_beyond_the_longest_stops_the_stage(stage):
    def reply(call):
        return Reply(error("tomorrow"), 429, {"Retry-After": "86400"})

    with Loopback(reply) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee"])
    assert "asks to wait 86400 s" in str(raised.value)


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


def test_a_missing_key_is_said_with_its_variable(stage, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with Loopback(good) as server:
        with pytest.raises(UserError) as raised:
            stage.run(server.url, ["bee"])
        assert "the environment variable OPENAI_API_KEY is not set" in str(raised.value)
        with pytest.raises(UserError) as raised:
            stage.run(server.url, ["bee"], api_key_variable="OTHER_KEY")
        assert "OTHER_KEY" in str(raised.value)
        assert server.calls == []


def test_a_key_with_a_line_break_in_it_is_refused_and_not_repeated(stage, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY} {KEY}")
    with pytest.raises(UserError) as raised:
        stage.run("http://127.0.0.1:1", ["bee"])
    assert KEY not in str(raised.value)


@pytest.mark.usefixtures("no_key_anywhere")
def test_a_local_server_wants_no_key_and_gets_none(stage):
    """The key of the environment is for OpenAI; a server that wants none must not see it."""
    with Loopback(good) as server:
        stage.run(server.url, ["bee"], api_key_variable="")
    assert KEY not in json.dumps(server.calls[0].headers)


@pytest.mark.usefixtures("no_key_anywhere")
def test_azure_has_its_own_address_header_and_version(stage):
    with Loopback(good) as server:
        settings = {"api": "azure", "api_version": "2024-10-21", "model": "my-deployment"}
        stage.run(server.url, ["bee"], base_url=server.url, **settings)
    (call,) = server.calls
    assert call.path == (
        "/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21"
    )
    assert call.headers["api-key"] == KEY
    assert "authorization" not in call.headers


def test_the_cost_is_said_before_the_start_and_by_the_estimate(stage, caplog, capsys):
    prices = {"gpt-4": {"input": 1000, "output": 3000}}
    stage.estimate("http://127.0.0.1:1", ["bee", "owl"], per_class=2, prices=prices)
    said = capsys.readouterr().out
    assert said.startswith("4 requests to gpt-4 at http://127.0.0.1:1/v1, about ")
    assert not stage.output.exists()
    with Loopback(good) as server:
        stage.run(server.url, ["bee", "owl"], per_class=2, prices=prices)
        said = said.split(" at ")[0], said.split(", about", 1)[1].split(" answers")[0]
        assert all(part in caplog.text for part in said)
        stage.estimate(server.url, ["bee", "owl"], per_class=2, prices=prices)
    assert capsys.readouterr().out.startswith("nothing to ask: 4 answers are there already")


def test_what_would_cost_too_much_is_not_begun(stage):
    with Loopback(good) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee"], per_class=100, max_cost=0.1)
    assert "prompts.max_cost: 0.1 is not enough: 0 are paid, 100 more requests" in str(raised.value)
    assert server.calls == []


def test_the_stage_stops_before_answers_cost_more_than_was_set(stage):
    """Each answer costs ten times what was expected, so the limit comes after some of them."""

    def dear(call):
        return Reply(completion(good_text(call.class_name(), call.number), tokens=(600, 700)))

    with Loopback(dear) as server:
        with pytest.raises(UserError) as raised:
            stage.run(server.url, ["bee"], per_class=20, concurrency=1, max_cost=0.4)
        cost = (600 * 30 + 700 * 60) / 1e6
        paid = len(stage.stored()) * cost
        assert 0.4 - 2 * cost < paid <= 0.4
        assert f"{paid:.4g} are paid" in str(raised.value)
        with pytest.raises(UserError):
            stage.run(server.url, ["bee"], per_class=20, concurrency=1, max_cost=0.4)
        assert len(server.calls) == len(stage.stored())


def test_the_record_says_what_answered_and_not_how_it_was_asked(stage):
    with Loopback(good) as server:
        stage.run(server.url, ["bee", "owl"])
    record = read_metadata(stage.output)["provenance"]
    assert record["answers"] == {
        "requests": 2,
        "tokens_in": 120,
        "tokens_out": 60,
        "models": ["gpt-4"],
    }
    assert record["settings"]["base_url"] == f"{server.url}/v1"
    assert "openai" in record["versions"]
    assert not {"concurrency", "api_key_variable", "prices"} & set(record["settings"])
