import pytest

from sau.core.errors import UserError
from sau.pipeline.prompts.classes import class_words
from sau.pipeline.prompts.llm.cost import Budget, estimate, price, tokens_of
from sau.pipeline.prompts.llm.requests import make_request
from sau.pipeline.prompts.llm.store import AnswerStore, StoredAnswer
from sau.pipeline.prompts.settings import PromptsSettings
from tests.pipeline.prompts.llm.loopback import completion

PRICES = {"m": {"input": 10, "output": 100}}


def settings_of(**values):
    return PromptsSettings(source="llm", model="m", prices=PRICES, **values)


def request_of(settings, number=0):
    (words,) = class_words(["bee"], {}, ["{name}"], "llm")
    return make_request(words, number, settings)


def test_price_is_of_a_million_tokens_read_and_written():
    assert price("m", (1_000_000, 10_000), settings_of(), batch=False) == 11.0
    assert price("m", (1_000_000, 10_000), settings_of(), batch=True) == 5.5
    assert price("other", (1, 1), settings_of(), batch=False) is None


def test_tokens_are_four_thirds_of_words_or_a_quarter_of_characters():
    assert tokens_of("one two three") == 4
    assert tokens_of("x" * 100) == 25


def test_estimate_is_of_all_requests():
    settings = settings_of(
        system_command="one two three", answer_form="", query="{name}", max_words=30
    )
    expected = estimate([request_of(settings), request_of(settings, 1)], settings)
    # Four words are 6 tokens, and 11 more frame them; 30 words are 40 tokens.
    assert (expected.requests, expected.tokens_in, expected.tokens_out) == (2, 34, 80)
    assert expected.cost == pytest.approx((34 * 10 + 80 * 100) / 1e6)


def test_cost_that_was_paid_is_counted_from_the_answers(tmp_path):
    store = AnswerStore(tmp_path / "answers.jsonl")
    settings = settings_of(max_cost=1)
    body = completion("A bee.", tokens=(10_000, 1_000))
    store.add(StoredAnswer.of(request_of(settings), body))
    store.add(StoredAnswer.of(request_of(settings, 1), body, batch=True))
    assert Budget(settings, store).spent == pytest.approx(0.2 + 0.1)


def test_requests_under_way_count_against_the_limit(tmp_path):
    settings = settings_of(max_cost=0.02)
    budget = Budget(settings, AnswerStore(tmp_path / "answers.jsonl"))
    request = request_of(settings)
    one = estimate([request], settings).cost
    reserved = [budget.reserve(request) for _ in range(int(0.02 / one))]
    with pytest.raises(UserError) as raised:
        budget.reserve(request)
    assert "prompts.max_cost: 0.02 is not enough" in str(raised.value)
    budget.settle(reserved[0], None)
    budget.reserve(request)
    free = StoredAnswer.of(request, completion("A bee.", tokens=(0, 0)))
    budget.settle(reserved[1], free)
    assert budget.spent == 0


def test_limit_without_a_price_is_refused(tmp_path):
    settings = PromptsSettings(source="llm", model="mine", max_cost=1)
    with pytest.raises(UserError) as raised:
        Budget(settings, AnswerStore(tmp_path / "answers.jsonl"))
    assert "no price of mine" in str(raised.value)
