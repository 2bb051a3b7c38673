"""OpenAI's Batch API: all requests in one file, the answers within a day, at a lower price."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import openai

from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.pipeline.prompts.llm.batch_files import ENDPOINT, line, lines
from sau.pipeline.prompts.llm.batch_job import OVER, Job
from sau.pipeline.prompts.llm.client import open_client
from sau.pipeline.prompts.llm.cost import Budget, estimate
from sau.pipeline.prompts.llm.ending import ending_by_signals, interruption
from sau.pipeline.prompts.llm.redaction import Redactor
from sau.pipeline.prompts.llm.requests import Request
from sau.pipeline.prompts.llm.retries import Courier
from sau.pipeline.prompts.llm.store import AnswerStore, Asked, StoredAnswer
from sau.pipeline.prompts.settings import PromptsSettings

log = logging.getLogger(__name__)

MOST_REQUESTS = 50_000
"""In one job."""

Result = TypeVar("Result")

_NAME = "sau_requests"
_RECENT = 100
_NO_LINE = "no line for it in the job's files"


def send_batch(
    requests: Sequence[Request], settings: PromptsSettings, store: AnswerStore, key: str
) -> None:
    """Put the answer to each request into the store, by jobs of the Batch API.

    A job's id is stored as soon as it is there, and a job also bears a name made from its requests,
    so a run that was killed at any point goes on with the job that it had started. All answers of
    an earlier job are stored, asked for or not: they are paid for. A job that answers nothing of
    what is asked for now is not waited for; one that is gone is let go, and its requests are asked
    again.

    Raises:
        UserError: a job that failed, or that answered some requests with errors; the other answers
            are kept.
        Interruption: a signal ended it; jobs at the server go on.
    """
    number = asyncio.run(_send(requests, settings, store, key))
    if number is not None:
        jobs = "".join(f", job {job} goes on at the server" for job in store.open_batches())
        raise interruption(number, requests, store, jobs)


async def _send(
    requests: Sequence[Request], settings: PromptsSettings, store: AnswerStore, key: str
) -> int | None:
    """Return the signal that ended it, if one did."""
    async with open_client(settings, key) as client:
        jobs = _Jobs(client, settings, store, key)
        task = asyncio.create_task(_ask(requests, settings, store, jobs))
        with ending_by_signals(jobs.courier, [task]) as ending:
            await task
    return ending.signal


async def _ask(
    requests: Sequence[Request], settings: PromptsSettings, store: AnswerStore, jobs: "_Jobs"
) -> None:
    by_key = {request.key: request for request in requests}
    for job, asked in store.open_batches().items():
        wanted = not asked or not by_key.keys().isdisjoint(asked)
        await jobs.fetch(job, {**asked, **by_key}, wait=wanted)
    jobs.last_error = _NO_LINE  # what earlier jobs lack is asked again
    left = [request for request in requests if request.key not in store]
    Budget(settings, store).check(estimate(left, settings), beside=jobs.still_to_pay())
    for start in range(0, len(left), MOST_REQUESTS):
        part = left[start : start + MOST_REQUESTS]
        job = await jobs.start(part)
        store.start_batch(job, part)
        jobs.let_go()
        await jobs.fetch(job, by_key)
    unanswered = [request for request in requests if request.key not in store]
    if unanswered:
        raise UserError(
            f"prompts.batch: {len(unanswered)} of {len(requests)} requests were not answered, the "
            f"first is of {unanswered[0].class_name}: {jobs.last_error}; the other answers are "
            "kept, run again to ask for these"
        )


class _Jobs:
    def __init__(
        self, client: openai.AsyncOpenAI, settings: PromptsSettings, store: AnswerStore, key: str
    ) -> None:
        self._client = client
        self._settings = settings
        self._store = store
        self.courier = Courier(settings, Redactor(key))
        self._gone: set[str] = set()
        self.last_error = _NO_LINE

    async def start(self, requests: Sequence[Request]) -> str:
        """Return the id of a job for these requests: one that is there already, or a new one."""
        name = hashlib.sha256("".join(request.key for request in requests).encode()).hexdigest()
        found = await self.courier.call(lambda: self._find(name), "looking for the job")
        if found is not None:
            log.info("batch: going on with job %s", found)
            return found
        data = "".join(f"{json.dumps(line(request))}\n" for request in requests).encode()
        file = await self.courier.call(
            lambda: self._client.files.create(file=("requests.jsonl", data), purpose="batch"),
            "upload of the requests",
        )
        job = await self.courier.call(
            lambda: self._client.batches.create(
                input_file_id=file.id,
                endpoint=ENDPOINT,
                completion_window="24h",
                metadata={_NAME: name},
            ),
            "start of the job",
        )
        log.info("batch: started job %s with %d requests", job.id, len(requests))
        return job.id

    async def fetch(
        self, job: str, requests: Mapping[str, Request | Asked], *, wait: bool = True
    ) -> None:
        """Store a job's answers at its end.

        Args:
            job: its id.
            requests: by their keys; those of the job, as far as they are known, and maybe others.
            wait: for the end; otherwise a job that is not over is left for a later run.
        """
        found = await self._over(job, wait=wait)
        if found is None:
            return
        for file in found.files:
            await self._fetch_file(job, file, requests)
        if job in self._gone:
            return
        if found.error is not None:
            self._note(found.error)
        self._store.end_batch(job)

    def still_to_pay(self) -> int:
        """Return the requests of jobs that were not waited for, whose answers have yet to come."""
        running = [
            asked for job, asked in self._store.open_batches().items() if job not in self._gone
        ]
        return sum(key not in self._store for asked in running for key in asked)

    def let_go(self) -> None:
        """End the jobs that are gone.

        To be called once another job is there: a server that has none at all, as behind a misspelt
        address, has said nothing of these.
        """
        for job in self._gone:
            self._store.end_batch(job)

    async def _fetch_file(
        self, job: str, file: str, requests: Mapping[str, Request | Asked]
    ) -> None:
        content = await self._unless_gone(
            job, lambda: self._client.files.content(file), "download of the answers"
        )
        for custom_id, body, error in lines(content.text) if content else ():
            # Of a job that an earlier version started, not all requests need be known.
            unknown = Asked(custom_id, class_name="", number=0, model=self._settings.model)
            self._keep(requests.get(custom_id, unknown), body, error)

    async def _find(self, name: str) -> str | None:
        page = await self._client.batches.list(limit=_RECENT)
        for batch in page.data:
            usable = batch.status not in OVER or batch.output_file_id
            if batch.id not in self._gone and usable and (batch.metadata or {}).get(_NAME) == name:
                return batch.id
        return None

    async def _over(self, job: str, *, wait: bool) -> Job | None:
        """Return a job that is over; None if it is gone, or is not over and not waited for."""

        async def look() -> Job:
            return Job.of(await self._client.batches.retrieve(job))

        told = ""
        while True:
            found = await self._unless_gone(job, look, f"look at job {job}")
            if found is None:
                return None
            if told != (told := found.told):
                log.info("batch: job %s is %s", job, told)
            if found.is_over:
                return found
            if not wait:
                log.info(
                    "batch: job %s answers nothing that is asked for now, so it is not waited for; "
                    "the next run that asks for anything stores its answers",
                    job,
                )
                return None
            await self.courier.sleep(self._settings.batch_poll)

    async def _unless_gone(
        self, job: str, function: Callable[[], Awaitable[Result]], what: str
    ) -> Result | None:
        """Return what the function returns; None if the server does not have it (any more)."""

        async def call() -> Result | None:
            try:
                return await function()
            except openai.NotFoundError:
                return None

        found = await self.courier.call(call, what)
        if found is None and job not in self._gone:
            self._gone.add(job)
            self._note(f"job {job} is gone")
            log.warning(
                "batch: job %s, or a file of its answers, is not at %s (any more); what it did not "
                "answer is asked for again. If prompts.base_url or the key has changed since, its "
                "answers are where they were",
                job,
                self._settings.base_url,
            )
        return found

    def _keep(self, request: Request | Asked, body: str, error: str | None) -> None:
        if error is not None:
            self._note(error)
        else:
            self._store.add(StoredAnswer.of(request, body, batch=True))

    def _note(self, error: str) -> None:
        self.last_error = one_line(error)
