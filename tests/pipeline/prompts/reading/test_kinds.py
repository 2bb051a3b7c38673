import json

import pytest

from sau.pipeline.prompts.llm.answers import read_answer
from sau.pipeline.prompts.llm.text_checks import problem_of, tidy
from tests.pipeline.prompts.reading.kinds import KINDS, PROMPTS, THINKING, THOUGHT


def accepted(text, count, names=("cat",)):
    body = json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})
    texts = map(tidy, read_answer(body, count).texts)
    return [found for found in texts if problem_of(found, names, 50, "en") is None]


@pytest.mark.parametrize("kind", KINDS)
def test_kind_of_answer_gives_its_prompts_and_nothing_else(kind):
    assert accepted(KINDS[kind](PROMPTS), 5) == PROMPTS


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"marks: wrapped"}))
def test_kind_of_answer_gives_its_one_prompt(kind):
    assert accepted(KINDS[kind](PROMPTS[:1]), 1) == PROMPTS[:1]


@pytest.mark.parametrize("kind", THINKING)
def test_thinking_alone_gives_nothing(kind):
    assert accepted(THINKING[kind]([]), 5) == []


def test_thinking_that_does_not_end_gives_nothing():
    assert accepted(f"<think>\n{THOUGHT}", 5) == []
    assert accepted(f"<think>{THOUGHT}</think><think>{THOUGHT}\n{PROMPTS[0]}", 5) == []


def test_labels_that_all_prompts_have_are_left_out():
    text = "\n".join(f"Cat {i}: {prompt}" for i, prompt in enumerate(PROMPTS))
    assert accepted(text, 5) == PROMPTS


def test_what_stands_around_prompts_of_one_form_is_left_out():
    assert accepted("A cat has fur.\n" + "\n".join(PROMPTS), 5) == PROMPTS
    assert accepted("\n".join(PROMPTS[:2]) + "\nTwo cats play.", 3)[2:] == ["Two cats play."]


@pytest.mark.parametrize(
    "text",
    [
        "Sure! {t}",
        "Sure! Here is a prompt: {t}",
        "Sure, here's a prompt for the cat:\n\n\"{t}\"\n\nThis captures the cat's beauty.",
        "{t} Let me know if you want more!",
        "Prompt: {t}\nNegative prompt: blurry, low quality cat",
        "**A Cat at the Gate**\n\n{t}",
        "{t}\n\nExplanation: The cat is shown near a gate.",
        "Certainly! {t} I hope this helps!",
        "Assistant:\n{t}",
        "{t} --ar 16:9 --v 6",
    ],
)
def test_talk_around_one_prompt_is_left_out(text):
    assert accepted(text.format(t=PROMPTS[0]), 1) == PROMPTS[:1]
