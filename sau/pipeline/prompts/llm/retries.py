"""Sends, waits and sends again: all dealings with the server go through here."""

import asyncio
import contextlib
import itertools
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx2
import openai

from sau.core.errors import UserError
from sau.core.unloadable import reason_of
from sau.pipeline.prompts.llm.environment import proxy_for
from sau.pipeline.prompts.llm.failures import BrokenAnswerError, Failure, failure_of
from sau.pipeline.prompts.llm.limiter import RateLimiter
from sau.pipeline.prompts.settings import PromptsSettings

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_JITTER = 0.25
"""Share by which a wait may be shorter, so that requests do not come back all at once."""
_MOST_DOUBLINGS = 60
_UNASKABLE = (
    *(ValueError, TypeError, LookupError, AttributeError, RuntimeError, ImportError, OSError),
    *(httpx2.InvalidURL, ExceptionGroup),
)
"""What the packages raise where a request cannot be made of the settings and the environment, or an
answer is of another kind than they read."""


class Courier:
    """Makes calls under the rate limit, again after failures that may pass, until one stops all.

    Args:
        settings: limits, waits and the server's address, for messages.
        redact: takes the key out of a text.
    """

    def __init__(self, settings: PromptsSettings, redact: Callable[[str], str]) -> None:
        self._settings = settings
        self._redact = redact
        self._answered = False
        proxy = proxy_for(settings.base_url)
        through = f" through the proxy that {proxy.variable} names" if proxy else ""
        self._server = f"{settings.base_url}{through}"
        self._stopped = asyncio.Event()
        self._limiter = RateLimiter(settings.requests_per_minute, self.sleep)
        self.error: UserError | None = None

    def stop(self, error: UserError) -> None:
        """Let nothing more be sent, for this reason; what is under way may end."""
        self.error = self.error or error
        self._stopped.set()

    async def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            UserError: the courier is stopped, or was so meanwhile: there is no need to wait.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)
        self._check()

    async def call(self, function: Callable[[], Awaitable[Result]], what: str) -> Result:
        """Return what the function returns, in the end.

        Args:
            function: one call of the server; raises an error of the openai package or
                `BrokenAnswerError`.
            what: is called, for the log.

        Raises:
            UserError: a failure that will not pass, one try too many, a wait too long, a request
                that cannot be made; or the courier was stopped.
            RefusedError: the function's.
        """
        for tries in itertools.count(1):
            await self._limiter.turn()
            self._check()  # a turn need not wait
            try:
                result = await function()
            except (openai.APIError, BrokenAnswerError) as error:
                failure = failure_of(error)
            except _UNASKABLE as error:
                raise self._unaskable(error) from error
            else:
                self._answered = True
                return result
            await self._wait_after(failure, tries, what)
        raise AssertionError("count has no end")

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

    def _unaskable(self, error: Exception) -> UserError:
        reason = self._redact(reason_of(error))
        return UserError(
            f"prompts.base_url: no request to {self._server} can be made, or its answer not read: "
            f"{reason}; look at prompts.parameters, at the address, and at the environment "
            "variables that begin with OPENAI_"
        )

    async def _wait_after(self, failure: Failure, tries: int, what: str) -> None:
        """Wait as long as is due after this failure, or say why there is no use in it."""
        settings = self._settings
        reason = self._redact(failure.reason)
        if not failure.may_pass or (failure.odd and not self._answered):
            hint = "; is it the right address? Most end in /v1" if failure.odd else ""
            raise UserError(f"prompts.base_url: {self._server} says: {reason}{hint}")
        if tries > settings.max_retries:
            raise UserError(
                f"prompts.base_url: {self._server} failed {tries} times in a row, at last: "
                f"{reason}; what was answered is kept, so run again later, or raise "
                "prompts.max_retries"
            )
        wait = min(
            settings.retry_wait * 2.0 ** min(tries - 1, _MOST_DOUBLINGS), settings.longest_wait
        )
        wait *= 1 - _JITTER * random.random()
        if failure.retry_after is not None:
            wait = failure.retry_after
            if wait > settings.longest_wait:
                raise UserError(
                    f"prompts.longest_wait: {settings.longest_wait:g} s, but {settings.base_url} "
                    f"asks to wait {wait:g} s ({reason}); what was answered is kept, so run again "
                    "later"
                )
            self._limiter.hold(wait)
        log.warning("%s: try %d failed: %s; again in %.2f s", what, tries, reason, wait)
        await self.sleep(wait)
