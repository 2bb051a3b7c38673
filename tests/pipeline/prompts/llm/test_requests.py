import dataclasses

from sau.pipeline.prompts.classes import class_words
from sau.pipeline.prompts.llm.requests import make_request
from sau.pipeline.prompts.settings import PromptsSettings


def request_of(number=0, name="aquarium_fish", **values):
    (words,) = class_words([name], {}, ["{name}"], "llm")
    return make_request(words, number, PromptsSettings(source="llm", **values))


def test_papers_words_are_the_default():
    assert request_of().body() == {
        "model": "gpt-4",
        "messages": [
            {
                "role": "system",
                "content": "You are a helpful assistant designed to output a prompt (no more than "
                "50 words) describing a given object's appearance and actions. Answer in this "
                "form: A photo of the class aquarium fish, with specific features and with a "
                "specific background.",
            },
            {"role": "user", "content": "What the aquarium fish looks like?"},
        ],
    }


def test_request_may_ask_for_several_and_hold_more():
    body = request_of(prompts_per_request=5, parameters={"temperature": 1.2}).body()
    assert "Give 5 different prompts, one in each line" in body["messages"][0]["content"]
    assert body["temperature"] == 1.2


def test_system_message_needs_a_system_command():
    messages = request_of(system_command="", answer_form="").body()["messages"]
    assert [message["role"] for message in messages] == ["user"]


def test_key_changes_with_what_is_asked_and_with_nothing_else():
    first = request_of()
    others = [
        request_of(1),
        request_of(name="bee"),
        request_of(model="gpt-5"),
        request_of(system_command="Hi."),
        request_of(query="What is {name}?"),
        request_of(answer_form=""),
        request_of(parameters={"top_p": 0.5}),
    ]
    assert len({first.key, *(other.key for other in others)}) == 8
    same = request_of(per_class=3, concurrency=1, max_cost=4, base_url="http://localhost/v1")
    assert same.key == first.key
    assert dataclasses.replace(first).key == first.key
