import math

import pytest

from sau.pipeline.prompts.llm.usage import token_counts


def test_counts_are_read_and_written_tokens():
    assert token_counts({"prompt_tokens": 0, "completion_tokens": 10**9, "other": "x"}) == (
        0,
        10**9,
    )


@pytest.mark.parametrize(
    "bad", [-1, 10**9 + 1, 10**4000, 12.0, math.nan, math.inf, "12", None, True, [1], {}]
)
def test_count_that_is_none_makes_both_unknown(bad):
    assert token_counts({"prompt_tokens": bad, "completion_tokens": 1}) is None
    assert token_counts({"prompt_tokens": 1, "completion_tokens": bad}) is None


@pytest.mark.parametrize("usage", [None, [], "12", 12, {}, {"total_tokens": 3}])
def test_usage_may_be_missing_or_anything(usage):
    assert token_counts(usage) is None
