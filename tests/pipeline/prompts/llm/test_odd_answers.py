"""Answers of real servers through the whole stage."""

import json

import pytest

from sau.storage.manifest import read_metadata
from tests.pipeline.prompts.llm.loopback import Loopback, Reply, completion, good_text
from tests.pipeline.prompts.reading.kinds import THOUGHT


def answering(dress):
    """Return a reply whose text is two good prompts in this dress."""

    def reply(call):
        texts = [good_text(call.class_name(), 10 * call.number + i) for i in range(2)]
        return Reply(completion(dress("\n".join(texts))))

    return reply


@pytest.mark.parametrize(
    ("dress", "removed"),
    [
        (lambda text: f"<think>\n{THOUGHT}\n</think>\n\n{text}", {"thinking": 1}),
        (lambda text: [{"type": "text", "text": text}], None),
        (lambda text: f"{text} \ud83d", {"invisible and broken characters": 1}),
        (
            lambda text: f"Sure! Two:\n{text}\nI hope this helps!",
            {"talk and titles around prompts": 2},
        ),
        (lambda text: text.replace(".\n", ".<|eot_id|>\n"), {"special tokens": 1}),
        (lambda text: json.dumps(text.split("\n")), {"markup": 1}),
    ],
)
def test_prompts_are_read_at_once_and_the_record_says_what_was_taken_out(stage, dress, removed):
    with Loopback(answering(dress)) as server:
        table = stage.run(server.url, ["bee"], per_class=2, prompts_per_request=2)
    assert len(server.calls) == 1
    assert table["prompt"].tolist() == [good_text("bee", 0), good_text("bee", 1)]
    assert read_metadata(stage.output)["provenance"]["answers"].get("removed") == removed


def test_store_that_holds_half_a_character_is_read(stage):
    """Such a store stopped the stage for ever."""
    with Loopback(answering(lambda text: f"{text} \ud83d")) as server:
        stage.run(server.url, ["bee"], per_class=2, prompts_per_request=2)
        assert "\\ud83d" in json.loads(stage.answers.read_text())["body"]
        table = stage.run(server.url, ["bee"], per_class=2, prompts_per_request=2)
    assert len(server.calls) == 1
    assert set(table["source"]) == {"llm"}


def test_form_that_was_asked_for_is_no_answer(stage):
    form = "A photo of the class bee, with specific features and with a specific background."
    texts = [form, "A photo of a bee.", "What the bee looks like?", good_text("bee", 3)]

    with Loopback(lambda call: Reply(completion(texts[call.number]))) as server:
        table = stage.run(server.url, ["bee"], per_class=1)
    assert len(server.calls) == 4
    assert table["prompt"].tolist() == [good_text("bee", 3)]


def test_class_named_by_its_plural_alone_is_named(stage):
    text = "A photo of gray mice that nibble at cheese beside a broken plate."
    with Loopback(lambda call: Reply(completion(text))) as server:
        table = stage.run(server.url, ["mouse"])
    assert table["prompt"].tolist() == [text]
    assert len(server.calls) == 1
