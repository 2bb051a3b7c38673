import random
import time
from collections import Counter

import pytest

from sau.storage.manifest import read_metadata
from tests.pipeline.prompts.llm.conftest import CLASSES, KEY
from tests.pipeline.prompts.llm.loopback import Loopback, Reply, completion, error, good, good_text

HANGS = (30, 120, 210, 301)
"""Calls that get no answer; all early, so that other calls fill the wait."""


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
def test_prompts_by_the_thousand_from_a_server_that_misbehaves(stage, caplog):
    assert len(set(CLASSES)) == 100
    with Loopback(misbehaving) as server:
        table = stage.run(
            server.url,
            CLASSES,
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


def test_order_of_answers_changes_no_byte(stage):
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


def test_classes_of_one_name_are_asked_about_once_and_said(stage, caplog):
    with Loopback(good) as server:
        table = stage.run(server.url, ["crane", "bee", "crane"], per_class=2)
    assert Counter(call.class_name() for call in server.calls) == {"crane": 2, "bee": 2}
    prompts = [table[table["label"] == label]["prompt"].tolist() for label in (0, 2)]
    assert prompts[0] == prompts[1]
    assert "classes 0 and 2 are all called 'crane'" in caplog.text


def test_class_may_keep_to_templates(stage):
    classes = {"baby": {"source": "template", "templates": ["A {name} doll."]}}
    with Loopback(good) as server:
        table = stage.run(server.url, ["bee", "baby"], classes=classes)
    assert [call.class_name() for call in server.calls] == ["bee"]
    assert table["source"].tolist() == ["llm", "template"]
    assert table["prompt"].iloc[1] == "A baby doll."


def test_request_may_give_several_prompts(stage):
    def reply(call):
        texts = [good_text(call.class_name(), 10 * call.number + i) for i in range(4)]
        return Reply(completion("\n".join(f"{i}. {text}" for i, text in enumerate(texts))))

    with Loopback(reply) as server:
        table = stage.run(server.url, ["bee", "owl"], per_class=6, prompts_per_request=4)
    assert len(server.calls) == 4
    assert table["prompt"].is_unique
    assert set(table["source"]) == {"llm"}


def test_record_says_what_answered_and_not_how_it_was_asked(stage):
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
