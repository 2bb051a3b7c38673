"""What went wrong with a request, and whether it is worth another try."""

import dataclasses
import email.utils
import math
import time
from collections.abc import Mapping

import openai

_REQUEST_TIMEOUT, _CONFLICT, _TOO_MANY, _SERVER_ERROR = 408, 409, 429, 500
_NO_MONEY = "insufficient_quota"
REFUSALS = ("content_filter", "content_policy_violation")


class BrokenAnswerError(Exception):
    """A response of status 200 that is no answer: half of one, an error page, another format."""


class RefusedError(Exception):
    """The server refused the request for what it says; `body` is its answer."""

    def __init__(self, body: str) -> None:
        super().__init__("refused")
        self.body = body


@dataclasses.dataclass(frozen=True)
class Failure:
    """Why a request got no answer.

    Attributes:
        reason: in words, as the server has it; it may hold anything.
        may_pass: whether another try may succeed.
        retry_after: seconds that the server asks to wait, if it does.
    """

    reason: str
    may_pass: bool
    retry_after: float | None = None


def failure_of(error: openai.APIError | BrokenAnswerError) -> Failure:
    """Return what an error of the openai package means."""
    if isinstance(error, openai.APITimeoutError):
        return Failure("no answer in time", may_pass=True)
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        passing = status in (_REQUEST_TIMEOUT, _CONFLICT, _TOO_MANY) or status >= _SERVER_ERROR
        return Failure(
            f"HTTP {status}: {' '.join(error.message.split())[:300]}",
            may_pass=passing and error.code != _NO_MONEY,
            retry_after=retry_after(error.response.headers),
        )
    if isinstance(error, openai.APIConnectionError):
        cause = type(error.__cause__).__name__ if error.__cause__ else "unknown"
        return Failure(f"connection lost ({cause})", may_pass=True)
    return Failure(f"no answer of the expected form ({error})", may_pass=True)


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
    except ValueError:
        return None
    return max(date.timestamp() - time.time(), 0.0)
