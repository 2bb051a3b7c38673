"""OpenAI's Batch API: all requests in one file, the answers within a day, at a lower price."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence

import openai
from openai.types import Batch

from sau.errors import UserError
from sau.prompts.llm.batch_files import ENDPOINT, line, lines
from sau.prompts.llm.client import open_client, redact
from sau.prompts.llm.cost import Budget, estimate
from sau.prompts.llm.requests import Request
from sau.prompts.llm.retries import Courier
from sau.prompts.llm.store import AnswerStore, StoredAnswer
from sau.prompts.settings import PromptsSettings

log = logging.getLogger(__name__)

MOST_REQUESTS = 50_000
"""In one job."""

_NAME = "sau_requests"
_RECENT = 100
_OVER = ("failed", "completed", "expired", "cancelled")


def send_batch(
    requests: Sequence[Request], settings: PromptsSettings, store: AnswerStore, key: str
) -> None:
    """Put the answer to each request into the store, by jobs of the Batch API.

    A job's id is stored as soon as it is there, and a job also bears a name made from its requests,
    so a run that was killed at any point goes on with the job that it had started.

    Raises:
        UserError: a job that failed, or that answered some requests with errors; the other answers
            are kept.
    """
    asyncio.run(_send(requests, settings, store, key))


async def _send(
    requests: Sequence[Request], settings: PromptsSettings, store: AnswerStore, key: str
) -> None:
    by_key = {request.key: request for request in requests}
    async with open_client(settings, key) as client:
        jobs = _Jobs(client, settings, store, key)
        for job in store.open_batches():
            await jobs.fetch(job, by_key)
        left = [request for request in requests if request.key not in store]
        Budget(settings, store).check(estimate(left, settings))
        for start in range(0, len(left), MOST_REQUESTS):
            job = await jobs.start(left[start : start + MOST_REQUESTS])
            store.start_batch(job)
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
        self._key = key
        self._courier = Courier(settings, key)
        self.last_error = "no line for it in the job's files"

    async def start(self, requests: Sequence[Request]) -> str:
        """Return the id of a job for these requests: one that is there already, or a new one."""
        name = hashlib.sha256("".join(request.key for request in requests).encode()).hexdigest()
        found = await self._courier.call(lambda: self._find(name), "looking for the job")
        if found is not None:
            log.info("batch: going on with job %s", found)
            return found
        data = "".join(f"{json.dumps(line(request))}\n" for request in requests).encode()
        file = await self._courier.call(
            lambda: self._client.files.create(file=("requests.jsonl", data), purpose="batch"),
            "upload of the requests",
        )
        job = await self._courier.call(
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

    async def fetch(self, job: str, requests: Mapping[str, Request]) -> None:
        """Wait for a job's end and store its answers to these requests."""
        batch = await self._wait_for(job)
        for file in filter(None, (batch.output_file_id, batch.error_file_id)):
            content = await self._courier.call(
                lambda file=file: self._client.files.content(file),  # type: ignore[misc]
                "download of the answers",
            )
            for custom_id, body, error in lines(content.text):
                self._keep(requests.get(custom_id), body, error)
        if batch.status == "failed":
            errors = (batch.errors.data if batch.errors else None) or []
            self._note("; ".join(error.message or "" for error in errors) or "the job failed")
        self._store.end_batch(job)

    async def _find(self, name: str) -> str | None:
        page = await self._client.batches.list(limit=_RECENT)
        for batch in page.data:
            usable = batch.status not in _OVER or batch.output_file_id
            if usable and (batch.metadata or {}).get(_NAME) == name:
                return batch.id
        return None

    async def _wait_for(self, job: str) -> Batch:
        told = ""
        while True:
            batch = await self._courier.call(
                lambda: self._client.batches.retrieve(job), f"look at job {job}"
            )
            counts = batch.request_counts
            done = f", {counts.completed + counts.failed} of {counts.total}" if counts else ""
            if told != (told := f"{batch.status}{done}"):
                log.info("batch: job %s is %s", job, told)
            if batch.status in _OVER:
                return batch
            await asyncio.sleep(self._settings.batch_poll)

    def _keep(self, request: Request | None, body: str, error: str | None) -> None:
        if request is None:
            return
        if error is not None:
            self._note(error)
        else:
            self._store.add(StoredAnswer.of(request, redact(body, self._key), batch=True))

    def _note(self, error: str) -> None:
        self.last_error = redact(" ".join(error.split())[:300], self._key)
