"""From classes to their prompts: asks until nothing is missing, or has been asked for enough."""

import dataclasses
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sau.core.progress import progress
from sau.pipeline.prompts.classes import ClassWords
from sau.pipeline.prompts.gaps import GRID
from sau.pipeline.prompts.llm.answers import Answer, read_answer, read_whole_answer
from sau.pipeline.prompts.llm.batch import send_batch
from sau.pipeline.prompts.llm.cost import Budget, Estimate, estimate
from sau.pipeline.prompts.llm.grid_judge import judge_grid
from sau.pipeline.prompts.llm.grid_request import GridRequest
from sau.pipeline.prompts.llm.judge import judge
from sau.pipeline.prompts.llm.judgement import Judgement
from sau.pipeline.prompts.llm.key import read_key
from sau.pipeline.prompts.llm.requests import Request
from sau.pipeline.prompts.llm.sender import send
from sau.pipeline.prompts.llm.store import AnswerStore
from sau.pipeline.prompts.llm.store_lock import alone_with
from sau.pipeline.prompts.settings import PromptsSettings

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Collected:
    """What the language model gave.

    Attributes:
        judgements: by label, what each class's answers gave.
        facts: what the answers' origin was, for the provenance: requests, tokens, models.
    """

    judgements: dict[int, Judgement]
    facts: dict[str, Any]


def collect(
    classes: Sequence[ClassWords], settings: PromptsSettings, store: AnswerStore
) -> Collected:
    """Return the prompts of these classes, asking for those whose answers the store lacks.

    Raises:
        UserError: no key, too little money, a server that does not answer, or another process that
            asks for the same answers.
        Interruption: a signal ended it; the answers that came are kept.
    """
    judgements = _judge_all(classes, settings, store)
    if _missing(judgements):
        with alone_with(store):
            judgements = _ask_for_all(classes, settings, store)
    return Collected(judgements, _facts(judgements, settings, store))


def _ask_for_all(
    classes: Sequence[ClassWords], settings: PromptsSettings, store: AnswerStore
) -> dict[int, Judgement]:
    judgements = _judge_all(classes, settings, store)
    while missing := _missing(judgements):
        log.info("%s", plan(missing, settings, store))
        Budget(settings, store).check(estimate(missing, settings))
        ask = send_batch if settings.batch else send
        ask(missing, settings, store, read_key(settings))
        lacking = [words for words in classes if judgements[words.label].missing]
        judgements |= _judge_all(lacking, settings, store)
        spent = Budget(settings, store).spent
        log.info("%.4g paid by prompts.prices for all that is stored", spent)
    return judgements


def plan(requests: Sequence[Request], settings: PromptsSettings, store: AnswerStore) -> str:
    """Return what is about to be asked and what it will cost, in one line."""
    expected = estimate(requests, settings)
    kept = f"{len(store):,} answers are there already, in {store.path}"
    if not requests:
        return f"nothing to ask: {kept}"
    limit = "" if settings.max_cost is None else f", prompts.max_cost is {settings.max_cost:g}"
    return (
        f"{expected.requests:,} requests to {settings.model} at {settings.base_url}, about "
        f"{expected.tokens_in:,} tokens to it and {expected.tokens_out:,} from it, "
        f"{_money(expected, Budget(settings, store))}{limit}; {kept}"
    )


def first_requests(
    classes: Sequence[ClassWords], settings: PromptsSettings, store: AnswerStore
) -> list[Request]:
    """Return the requests that `collect` would begin with."""
    return _missing(_judge_all(classes, settings, store))


def _judge_all(
    classes: Sequence[ClassWords], settings: PromptsSettings, store: AnswerStore
) -> dict[int, Judgement]:
    """Return the judgements by label, in label order where the classes are."""
    judged = progress(classes, "judging answers", total=len(classes), unit="class")
    return {
        words.label: (judge_grid if words.source == GRID else judge)(words, settings, store)
        for words in judged
    }


def _missing(judgements: dict[int, Judgement]) -> list[Request]:
    """Return the requests to make, each once: two classes of one name ask the same."""
    missing = (request for judgement in judgements.values() for request in judgement.missing)
    return list({request.key: request for request in missing}.values())


def _money(expected: Estimate, budget: Budget) -> str:
    if expected.cost is None:
        return "at a price that prompts.prices does not have"
    return f"about {expected.cost:.4g} by prompts.prices, after {budget.spent:.4g} paid"


def _read(request: Request, settings: PromptsSettings, store: AnswerStore) -> Answer:
    body = store.body(request.key)
    if isinstance(request, GridRequest):
        return read_whole_answer(body)
    return read_answer(body, settings.prompts_per_request)


def _facts(
    judgements: dict[int, Judgement], settings: PromptsSettings, store: AnswerStore
) -> dict[str, Any]:
    """Return where the answers that were read came from; the same in whatever order they came."""
    asked = [request for judgement in judgements.values() for request in judgement.asked]
    answers = [_read(request, settings, store) for request in asked]
    removed = sum((Counter(answer.removed) for answer in answers), Counter[str]())
    counted = [answer.tokens for answer in answers if answer.tokens is not None]
    return {
        "requests": len(asked),
        "tokens_in": sum(tokens[0] for tokens in counted),
        "tokens_out": sum(tokens[1] for tokens in counted),
        "models": sorted({answer.model for answer in answers if answer.model}),
        **({"removed": dict(sorted(removed.items()))} if removed else {}),
    }
