import pytest

from sau.pipeline.prompts.reading.refusals import is_refusal
from sau.pipeline.prompts.reading.sentences import sentences
from sau.pipeline.prompts.reading.talk import is_talk, without_talk
from tests.pipeline.prompts.reading.test_kinds import accepted

REFUSALS = [
    "As a language model, I cannot see the cat.",
    "As an AI assistant, I have no eyes for a cat.",
    "Unfortunately, I can't describe a cat.",
    "Unfortunately, this request about a cat violates our content policy.",
    "Regrettably, I can\u2019t picture the cat.",
    "I'm sorry, but I can't assist with the cat.",
    "Sorry, I can not help with that cat.",
    "I am unable to provide a photo of the cat.",
    "I apologize, but the cat is not something to describe.",
    "My apologies, the cat is unknown to me.",
    "I do not have enough information about the cat.",
    "I need more information about the cat.",
    "I must decline to describe the cat.",
    "It is not possible for me to describe a cat.",
    "Could you please provide more details about the cat?",
    "Apologies, but a cat cannot be described.",
    "Error: cat not found.",
    "No information is available about the cat.",
    "You didn't tell me which cat.",
    "It would not be appropriate for me to describe a cat.",
    "Regrettably, a cat cannot be described by me.",
    "Your cat request was flagged by the safety system.",
    "Can't comply with a cat.",
]
TALK = [
    "Let me know if you want another cat.",
    "Feel free to ask about the cat.",
    "I hope this description of the cat helps you.",
    "Hope this cat helps!",
    "Here is your prompt about the cat.",
    "Sure! Here are five prompts for the cat",
    "The user wants a cat.",
    "Okay, so I need to describe the cat.",
    "We need to produce a prompt about the cat.",
    "I'd be happy to help with the cat!",
    "In this response, I describe the cat.",
    "Note: the cat is cute.",
    "If you'd like more cats, tell me.",
    "This prompt describes a cat.",
    "Each description shows a cat.",
    "These five prompts show a cat.",
    "Is there anything else about the cat?",
    "Thank you for asking about the cat!",
    "You can change the cat to a dog.",
    "Don't hesitate to ask for another cat.",
    "Happy prompting with your cat!",
    "What a lovely class, the cat!",
    "It depends on the cat.",
    "Looking forward to seeing your cat pictures!",
    "P.S. A cat looks best in natural light.",
    "Cats are fascinating animals.",
    "Thinking about the cat and its habitat...",
    "Your friendly cat assistant",
]
CAPTIONS = [
    "A photo of my safety pin.",
    "A cat is a great hunter of mice in the tall grass.",
    "Cannons are beautiful in the evening light of the old fort.",
    "A cat thinking about its next jump on the fence.",
    "A painting of a cat by Meyer.",
    "Great white shark, jaws open.",
    "Sure-footed goat climbs a cliff.",
    "Sorry-looking dog in the rain.",
    "A good luck charm on a thank you card.",
    "A laptop that shows a command prompt.",
    "A cat so close that you can see its whiskers.",
    "A St. Bernard in the snow. Mt. Fuji stands behind it.",
    "Here a cat sleeps on a sill.",
    "This is a photo of a sign with text.",
    "Unfortunately for the bee, a spider waits.",
    "A dog that looks at you with its head tilted.",
    "A biplane of World War I above the clouds.",
    "No smoking sign on a wall.",
    'A baby says "I can walk" in a comic strip.',
    "Total eclipse above a barn.",
    "End of the pier, fog.",
    "Happy to be home, a dog wags its tail.",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_refusal_is_one_wherever_it_stands(text):
    assert is_refusal(text)
    assert accepted(text, 1) == accepted(text, 5) == []
    assert accepted(f"{text}\nThe cat has a tail, and it has four legs.", 5) == []


@pytest.mark.parametrize("text", TALK)
def test_talk_is_no_prompt(text):
    assert is_talk(text)
    assert accepted(text, 1) == accepted(text, 5) == []


@pytest.mark.parametrize("text", CAPTIONS)
def test_caption_is_neither(text):
    assert not any(is_talk(part) or is_refusal(part) for part in sentences(text))
    assert without_talk(text) == text


def test_refusal_before_a_list_does_not_count():
    text = "As an AI, I can't see, but here are two:\n1. A cat on a mat.\n2. A cat in the old shed."
    assert accepted(text, 2) == ["A cat on a mat.", "A cat in the old shed."]


def test_sentences_end_at_their_marks_and_not_at_abbreviations():
    text = 'A St. Bernard sits. "Is it wet?" It is!'
    assert sentences(text) == ["A St. Bernard sits.", '"Is it wet?"', "It is!"]
    assert sentences("no end") == ["no end"]
    assert sentences("") == []
