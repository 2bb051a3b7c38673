"""Asks one request at a time, many of them side by side."""

import asyncio
from collections.abc import Sequence

import openai

from sau.core.errors import UserError
from sau.core.progress import progress
from sau.pipeline.prompts.llm.answers import is_answer
from sau.pipeline.prompts.llm.bodies import broken
from sau.pipeline.prompts.llm.client import open_client
from sau.pipeline.prompts.llm.cost import Budget
from sau.pipeline.prompts.llm.ending import ending_by_signals, interruption
from sau.pipeline.prompts.llm.failures import RefusedError, is_refusal
from sau.pipeline.prompts.llm.redaction import Redactor
from sau.pipeline.prompts.llm.requests import Request
from sau.pipeline.prompts.llm.retries import Courier
from sau.pipeline.prompts.llm.store import AnswerStore, StoredAnswer
from sau.pipeline.prompts.settings import PromptsSettings


def send(
    requests: Sequence[Request], settings: PromptsSettings, store: AnswerStore, key: str
) -> None:
    """Put the answer to each request into the store.

    Raises:
        UserError: what stopped it; requests that were under way have ended, their answers are kept.
        Interruption: a signal did.
    """
    number = asyncio.run(_send(requests, settings, store, key))
    if number is not None:
        raise interruption(number, requests, store)


async def _send(
    requests: Sequence[Request], settings: PromptsSettings, store: AnswerStore, key: str
) -> int | None:
    """Return the signal that ended it, if one did."""
    async with open_client(settings, key) as client:
        sender = _Sender(client, settings, store, key)
        tasks = [asyncio.create_task(sender.ask(request)) for request in requests]
        with ending_by_signals(sender.courier, tasks) as ending:
            answers = asyncio.as_completed(tasks)
            for answer in progress(answers, "answers", total=len(tasks), unit="request"):
                await answer
    if ending.signal is None and sender.courier.error is not None:
        raise sender.courier.error
    return ending.signal


class _Sender:
    def __init__(
        self, client: openai.AsyncOpenAI, settings: PromptsSettings, store: AnswerStore, key: str
    ) -> None:
        self.courier = Courier(settings, Redactor(key))
        self._places = asyncio.Semaphore(settings.concurrency)
        self._client = client
        self._store = store
        self._budget = Budget(settings, store)

    async def ask(self, request: Request) -> None:
        """Store the answer to one request, or stop all others and leave the reason."""
        try:
            async with self._places:
                if self.courier.error is None:
                    await self._ask(request)
        except UserError as error:
            self.courier.stop(error)
        except asyncio.CancelledError:
            if self.courier.error is None:
                raise

    async def _ask(self, request: Request) -> None:
        reserved = self._budget.reserve(request)
        answer = None
        try:
            body = await self._body(request)
            answer = StoredAnswer.of(request, body)
            self._store.add(answer)
        finally:
            self._budget.settle(reserved, answer)

    async def _body(self, request: Request) -> str:
        what = f"{request.class_name}, request {request.number}"
        try:
            return await self.courier.call(lambda: complete(self._client, request), what)
        except RefusedError as refused:
            return refused.body


async def complete(client: openai.AsyncOpenAI, request: Request) -> str:
    """Return the raw body of a chat completion.

    Raises:
        BrokenAnswerError: a body that is none.
        RefusedError: the server's filter refused the request.
        openai.APIError: no answer, or another error.
    """
    body = request.body()
    try:
        response = await client.chat.completions.with_raw_response.create(
            model=request.model, messages=body.pop("messages"), extra_body=body
        )
    except openai.APIStatusError as error:
        if is_refusal(error):
            raise RefusedError(error.response.text) from error
        raise
    if not is_answer(response.text):
        raise broken(response.text)
    return response.text
