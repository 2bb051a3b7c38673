import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from sau.pipeline.prompts.llm.answers import read_answer
from sau.pipeline.prompts.llm.text_checks import problem_of, tidy
from tests.fuzz.outcomes import COUNTS, deadline, inputs
from tests.pipeline.prompts.reading.kinds import KINDS, PROMPTS, TALK, THINKING
from tests.pipeline.prompts.reading.test_kinds import accepted

MOST_WORDS = 20
LOOKS = st.sampled_from(["striped", "wet", "tiny", "old", "glossy", "sleeping", "curious"])
PLACES = st.sampled_from(
    ["on a red mat", "near the river", "in a dark barn", "under the moon", "by a window"]
)
SENTENCES = st.builds("A photo of a {} cat {}.".format, LOOKS, PLACES)
PIECES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            *("<think>", "</think>", "\n", "```", "**", "1. ", '"', "[", "]", "{", "}"),
            *("&lt;", "|", "cat", "the cat sits on a mat.", "I can't", "Prompt 1:", "\ud83d", "\0"),
            *("\u202e", "\x1b[0m", "\\n", "# ", "- ", "<b>", "</s>", "[/INST]", "<|im_end|>"),
            *("Sure!", "assistant"),
        ]
    ),
)
MADE_TEXTS = st.lists(PIECES, max_size=25).map("".join)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "content", "refusal", "tool_calls", "reasoning"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@inputs(60)
@given(
    st.lists(SENTENCES, min_size=2, max_size=6, unique=True),
    st.sampled_from(sorted(KINDS)),
    st.sampled_from(sorted(THINKING)),
    st.sampled_from(sorted(TALK)),
)
def test_prompts_in_any_dress_are_found_whole(prompts, kind, thinking, talk):
    """A kind around the prompts; with talk and thinking around it where it can bear them."""
    assert accepted(KINDS[kind](prompts), len(prompts)) == prompts
    spoken = TALK[talk](prompts)
    assert accepted(THINKING[thinking]([spoken]), len(prompts)) == prompts
    COUNTS["answers"]["right"] += 2


@inputs(100)
@given(MADE_TEXTS, st.integers(1, 3))
def test_accepted_answer_is_one_line_that_any_file_holds(text, count):
    body = json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})
    with deadline():
        answer = read_answer(body, count)
    assert bool(answer.texts) != (answer.problem is not None)
    COUNTS["answers"]["refused" if answer.problem else "right"] += 1
    for found in map(tidy, answer.texts):
        if problem_of(found, ["cat"], MOST_WORDS, "any") is None:
            found.encode()
            assert not {"Cc", "Cf", "Cs", "Co", "Cn"} & set(map(unicodedata.category, found))
            assert 0 < len(found.split()) <= MOST_WORDS
            assert "cat" in found.lower()
            assert not set("<>{}[]|`") & set(found)


@inputs(60)
@given(JSON_VALUES, st.none() | st.sampled_from(["stop", "length", "content_filter"]))
def test_message_of_any_form_is_read_or_refused_with_one_reason(message, reason):
    body = json.dumps({"choices": [{"message": message, "finish_reason": reason}]})
    with deadline():
        answer = read_answer(body, 2)
    assert bool(answer.texts) != (answer.problem is not None)
    COUNTS["answers"]["refused" if answer.problem else "right"] += 1


def test_kinds_are_of_use():
    assert len(KINDS) > 100
    assert accepted("\n".join(PROMPTS), 5) == PROMPTS
