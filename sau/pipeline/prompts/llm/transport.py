"""The wire: a whole answer within a time and a size, in plain text, without the key."""

import asyncio
from collections.abc import AsyncIterable, Callable
from typing import cast

import httpx2

from sau.core.bounded_json import MOST_NESTED, is_too_deep
from sau.pipeline.prompts.llm.decompress import Decompressor
from sau.pipeline.prompts.llm.failures import BrokenAnswerError

LARGEST_ANSWER = 8 * 2**20
"""Bytes, decompressed; an answer has some thousands, one with all its probabilities a million."""
LARGEST_FILE = 2**30
"""Bytes, decompressed, of the file with the answers of a batch job."""
SLOWEST = 2**16
"""Bytes of a file, or of what is sent, that win a second beyond the time-out."""

_KEPT_HEADERS = ("location", "retry-after", "retry-after-ms")
_LONG = 100_000
"""Characters from which other requests would be kept waiting while a text is looked through."""


class BoundedTransport(httpx2.AsyncBaseTransport):
    """Reads each answer to its end before anyone sees it.

    Args:
        transport: does the rest.
        timeout: seconds from the connecting to the last byte; files have more if they keep coming.
        redact: takes the key out of a text.
    """

    def __init__(
        self,
        transport: httpx2.AsyncBaseTransport,
        timeout: float,
        redact: Callable[[str], str],
    ) -> None:
        self._transport = transport
        self._timeout = timeout
        self._redact = redact

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return its answer, read, decompressed and without the key.

        Raises:
            BrokenAnswerError: an answer that is too large, nested too deep, or cannot be
                decompressed.
            httpx2.ReadTimeout: it was not whole in time.
        """
        is_file = request.url.path.endswith("/content")
        to_send = int(request.headers.get("content-length", 0)) / SLOWEST
        try:
            async with asyncio.timeout(self._timeout + to_send) as deadline:
                response = await self._transport.handle_async_request(request)
                try:
                    data = await _read(response, deadline, is_file=is_file)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise httpx2.ReadTimeout("no whole answer in time", request=request) from error
        content_type = response.headers.get("content-type", "application/json")
        text = await self._cleaned(_decoded(data, content_type))
        if not is_file and is_too_deep(text):
            raise BrokenAnswerError(f"nested deeper than {MOST_NESTED} levels", odd=True)
        known = [name for name in _KEPT_HEADERS if name in response.headers]
        headers = {name: self._redact(response.headers[name]) for name in known}
        headers["content-type"] = content_type.partition(";")[0]
        return httpx2.Response(response.status_code, headers=headers, content=text.encode())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _cleaned(self, text: str) -> str:
        if len(text) < _LONG:
            return self._redact(text)
        return await asyncio.to_thread(self._redact, text)


async def _read(response: httpx2.Response, deadline: asyncio.Timeout, *, is_file: bool) -> bytes:
    """Return a response's body, decompressed."""
    largest = LARGEST_FILE if is_file else LARGEST_ANSWER
    decompressor = Decompressor(response.headers.get("content-encoding", ""), largest)
    end = cast(float, deadline.when())
    received = 0
    async for part in cast(AsyncIterable[bytes], response.stream):
        decompressor.add(part)
        received += len(part)
        if is_file:
            deadline.reschedule(end + received / SLOWEST)
    return decompressor.finish()


def _decoded(data: bytes, content_type: str) -> str:
    """Return a body as text, by the letters that its type names, or else as UTF-8."""
    response = httpx2.Response(200, headers={"content-type": content_type}, content=data)
    return response.text.removeprefix("\ufeff")
