from collections import Counter

from tests.pipeline.prompts.llm.loopback import Loopback, Reply, completion, error, good, good_text


def test_prompt_that_would_not_do_is_asked_for_again_and_at_last_replaced(stage, caplog):
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


def test_filter_of_the_server_is_a_refusal(stage):
    def reply(call):
        return Reply(error("filtered", "content_filter"), 400)

    with Loopback(reply) as server:
        table = stage.run(server.url, ["bee"], ask_again=1)
        stage.run(server.url, ["bee"], ask_again=1)
    assert len(server.calls) == 2
    assert table["reason"].iloc[0] == "answers that would not do: 2 x refused"
