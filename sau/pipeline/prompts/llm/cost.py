"""What requests cost, before and after."""

import dataclasses
import logging
import math
from collections.abc import Iterable

from sau.core.errors import UserError
from sau.pipeline.prompts.llm.answers import token_counts_in
from sau.pipeline.prompts.llm.requests import Request
from sau.pipeline.prompts.llm.store import AnswerStore, StoredAnswer
from sau.pipeline.prompts.settings import PromptsSettings

log = logging.getLogger(__name__)

_PER_PRICE = 1_000_000
_TOKENS_PER_WORD = 4 / 3
_CHARACTERS_PER_TOKEN = 4
_TOKENS_AROUND = 11
"""Of a chat's frame: about four for each of two messages, three for the answer."""


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What requests will need, about.

    Attributes:
        requests: how many.
        tokens_in: that the model reads.
        tokens_out: that it writes, if each prompt is as long as it may be.
        cost: by the price table; None if that lacks the model.
    """

    requests: int
    tokens_in: int
    tokens_out: int
    cost: float | None


def tokens_of(text: str) -> int:
    """Return about how many tokens a text has: 4/3 a word, or a quarter a character if more."""
    by_words = len(text.split()) * _TOKENS_PER_WORD
    return math.ceil(max(by_words, len(text) / _CHARACTERS_PER_TOKEN))


def estimate(requests: Iterable[Request], settings: PromptsSettings) -> Estimate:
    """Return what requests will need and cost, about, each answered once."""
    read, written = [], []
    for request in requests:
        read.append(tokens_of(request.text()) + _TOKENS_AROUND)
        parts = request.words_of_answer(settings)
        written.append(sum(math.ceil(words * _TOKENS_PER_WORD) for words in parts))
    tokens_in, tokens_out = sum(read), sum(written)
    cost = price(settings.model, (tokens_in, tokens_out), settings, batch=settings.batch)
    return Estimate(len(read), tokens_in, tokens_out, cost)


def price(
    model: str, tokens: tuple[int, int], settings: PromptsSettings, *, batch: bool
) -> float | None:
    """Return the price of tokens read and written, or None if the table lacks the model."""
    table = settings.prices.get(model)
    if table is None:
        return None
    both = tokens[0] * table["input"] + tokens[1] * table["output"]
    return float(both) / _PER_PRICE * (settings.batch_price if batch else 1)


def paid(answer: StoredAnswer, settings: PromptsSettings) -> float:
    """Return what a stored answer cost; nothing if the table lacks its model.

    Tokens are the server's count. Where it gives none, those read are estimated from what
    `settings` ask, and those written from the answer's length.
    """
    tokens = token_counts_in(answer.body) or (
        _tokens_asked(answer, settings),
        tokens_of(answer.body),
    )
    return price(answer.model, tokens, settings, batch=answer.batch) or 0.0


def _tokens_asked(answer: StoredAnswer, settings: PromptsSettings) -> int:
    asked = f"{settings.system_command} {settings.answer_form} {settings.query}"
    return tokens_of(asked.replace("{name}", answer.class_name)) + _TOKENS_AROUND


class Budget:
    """What was paid, what is under way, and the limit of both together.

    Args:
        settings: the price table and `max_cost`.
        store: the answers that were paid for, by this run and by earlier ones.

    Raises:
        UserError: a limit, but no price of the model.
    """

    def __init__(self, settings: PromptsSettings, store: AnswerStore) -> None:
        if settings.max_cost is not None and settings.model not in settings.prices:
            raise UserError(
                f"prompts.prices: no price of {settings.model}, but prompts.max_cost is set; "
                "give {input: ..., output: ...} of a million tokens"
            )
        self._settings = settings
        self._answers = len(store)
        self.spent = sum(paid(answer, settings) for answer in store.answers())
        self._under_way = 0.0
        self._is_said = False

    def check(self, expected: Estimate, beside: int = 0) -> float:
        """Return what requests are expected to cost, or refuse what would go beyond the limit.

        Expected is the estimate, or what as many answers cost so far, if that is more.

        Args:
            expected: of the requests.
            beside: other requests that will have to be paid, each about as much as one of these.

        Raises:
            UserError: it would, with both sums and what to do.
        """
        mean = self.spent / self._answers if self._answers else 0.0
        cost = max(expected.cost or 0.0, mean * expected.requests)
        others = self._under_way + beside * cost / max(expected.requests, 1)
        limit = self._settings.max_cost
        if limit is not None and self.spent + others + cost > limit:
            waiting = f", about {others:.4g} are under way" if others else ""
            raise UserError(
                f"prompts.max_cost: {limit:g} is not enough: {self.spent:.4g} are paid{waiting}, "
                f"{expected.requests:,} more requests cost about {cost:.4g}; raise it, lower "
                "prompts.per_class, or choose another prompts.model"
            )
        return cost

    def reserve(self, request: Request) -> float:
        """Set aside what a request is expected to cost, and return it.

        Raises:
            UserError: it does not fit under the limit any more.
        """
        cost = self.check(estimate([request], self._settings))
        self._under_way += cost
        return cost

    def settle(self, reserved: float, answer: StoredAnswer | None) -> None:
        """Replace what was set aside by what the answer cost, which is nothing if none came."""
        self._under_way -= reserved
        if answer is not None:
            self.spent += paid(answer, self._settings)
            self._answers += 1
            self._say_once(answer)

    def _say_once(self, answer: StoredAnswer) -> None:
        if not self._is_said and token_counts_in(answer.body) is None:
            self._is_said = True
            log.warning(
                "an answer of %s has no count of tokens, or one that is none: what such answers "
                "cost is estimated from their length and that of the question",
                answer.model,
            )
