"""What went wrong with a request, and whether it is worth another try."""

import dataclasses
import email.utils
import math
import socket
import ssl
import time
from collections.abc import Iterator, Mapping

import httpx2
import openai

from sau.core.printable import one_line
from sau.pipeline.prompts.llm.words import place_of, words_of

_REQUEST_TIMEOUT, _CONFLICT, _TOO_MANY, _SERVER_ERROR = 408, 409, 429, 500
NO_MONEY = "insufficient_quota"
REFUSALS = ("content_filter", "content_policy_violation")

_OURS = (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, ssl.SSLCertVerificationError)
"""What stands in the way on this side, and stays there."""


class BrokenAnswerError(Exception):
    """A response that is no answer: half of one, an error page, another format.

    Args:
        reason: in words.
        odd: it is whole, but of another kind than any server of chat completions gives.
        lasting: another try has no use.
    """

    def __init__(self, reason: str, *, odd: bool = False, lasting: bool = False) -> None:
        super().__init__(reason)
        self.odd = odd
        self.lasting = lasting


class RefusedError(Exception):
    """The server refused the request for what it says; `body` is its answer."""

    def __init__(self, body: str) -> None:
        super().__init__("refused")
        self.body = body


@dataclasses.dataclass(frozen=True)
class Failure:
    """Why a request got no answer.

    Attributes:
        reason: in words, as the server has it; in one line.
        may_pass: whether another try may succeed.
        retry_after: seconds that the server asks to wait, if it does.
        odd: another try may succeed only if the server has answered before: as a first answer, it
            says that the server or its address is another one than is meant.
    """

    reason: str
    may_pass: bool
    retry_after: float | None = None
    odd: bool = False


def failure_of(error: openai.APIError | BrokenAnswerError) -> Failure:
    """Return what an error of the openai package, or of our own transport, means."""
    if isinstance(error, BrokenAnswerError):
        reason = f"no answer of the expected form: {error}"
        return Failure(reason, may_pass=not error.lasting, odd=error.odd)
    if isinstance(error, openai.APITimeoutError):
        return Failure("no answer in time", may_pass=True)
    if isinstance(error, openai.APIStatusError):
        return _of_status(error)
    if isinstance(error, openai.APIConnectionError):
        return _of_connection(error)
    return Failure(f"no answer of the expected form ({one_line(str(error))})", may_pass=True)


def status_may_pass(status: int) -> bool:
    """Return whether an error of this HTTP status may be gone the next time."""
    return status in (_REQUEST_TIMEOUT, _CONFLICT, _TOO_MANY) or status >= _SERVER_ERROR


def is_refusal(error: openai.APIStatusError) -> bool:
    """Return whether a server's filter refused the request for what it says."""
    return error.status_code == 400 and error.code in REFUSALS


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, at least 0; None if it does not say.

    `retry-after-ms` is in milliseconds; `Retry-After` in seconds, or a date (RFC 9110, 10.2.3).
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if not math.isnan(seconds):
            return max(seconds, 0.0)
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        return max(date.timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):  # no date, or none there is
        return None


def _of_status(error: openai.APIStatusError) -> Failure:
    status, headers = error.status_code, error.response.headers
    if 300 <= status < 400:
        where = place_of(headers.get("location", ""))
        return Failure(f"HTTP {status}: it points to {where}, and is not followed", may_pass=False)
    return Failure(
        f"HTTP {status}: {words_of(error.response.text)}",
        may_pass=status_may_pass(status) and error.code != NO_MONEY,
        retry_after=retry_after(headers),
    )


def _of_connection(error: openai.APIConnectionError) -> Failure:
    causes = list(_causes(error))
    told = next((f": {text}" for cause in causes if (text := one_line(str(cause)))), "")
    kind = type(causes[0]).__name__ if causes else "unknown"
    lasting = any(isinstance(cause, _OURS) for cause in causes)
    return Failure(
        f"connection lost ({kind}{told})", may_pass=not lasting, odd=any(map(_is_odd, causes))
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error.__cause__
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _is_odd(cause: BaseException) -> bool:
    """Return whether a lost connection speaks of another server than is meant, or of none."""
    no_such_name = isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN
    return no_such_name or isinstance(cause, ssl.SSLError | httpx2.ProxyError)
